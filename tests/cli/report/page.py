"""What every report.html has to be: a well-formed document that needs nothing else, in which whoever cannot see finds
the way. Prints what is not so; exit status 1 when there is any.
    python3 page.py REPORT...
"""
import os
import sys
import xml.etree.ElementTree as ElementTree

SECTIONS = ['verdict', 'results', 'charts', 'faults', 'anomalies', 'scenario', 'again']
HTML, SVG = '{http://www.w3.org/1999/xhtml}', '{http://www.w3.org/2000/svg}'
VOID = {'meta', 'br'}


def text_of(element):
    return ''.join(element.itertext()).strip()


def links(root, folder):
    ids = [element.get('id') for element in root.iter() if element.get('id') is not None]
    for name in {name for name in ids if ids.count(name) > 1}:
        yield f'id {name} is there {ids.count(name)} times'
    for element in root.iter():
        for attribute, value in element.attrib.items():
            bare = attribute.split('}')[-1]
            if bare.startswith('on') or bare == 'style':
                yield f'{element.tag} has {attribute}'
            if bare in ('aria-labelledby', 'aria-describedby'):
                yield from (f'nothing has the id {name}' for name in value.split() if name not in ids)
            if 'url(' in value and value.split('url(#')[-1].split(')')[0] not in ids:
                yield f'{attribute}="{value}" refers to nothing'
            if bare not in ('href', 'src'):
                continue
            if value.startswith('#'):
                if value[1:] not in ids:
                    yield f'{value} leads nowhere'
            elif ':' in value or value.startswith('/') or not os.path.exists(os.path.join(folder, value)):
                yield f'{bare}="{value}" is no file beside the page'


def order(root):
    levels = [int(element.tag[-1]) for element in root.iter() if element.tag in {f'{HTML}h{level}' for level in range(1, 7)}]
    if levels.count(1) != 1 or levels[0] != 1:
        yield 'not one first heading'
    for before, after in zip(levels, levels[1:]):
        if after > before + 1:
            yield f'a heading of level {after} follows one of level {before}'
    found = [element.get('id') for element in root.iter(HTML + 'section')]
    if found != SECTIONS:
        yield f'sections are {found}'
    if root.get('lang') != 'en':
        yield 'no language'


def tables(root):
    count = 0
    for table in root.iter(HTML + 'table'):
        count += 1
        if table[0].tag != HTML + 'caption' or not text_of(table[0]):
            yield 'a table without a caption'
            continue
        name = text_of(table[0])
        columns = len(list(table.find(f'{HTML}thead/{HTML}tr')))
        for row in table.iter(HTML + 'tr'):
            if len(row) != columns:
                yield f'{name}: {len(row)} cells in a line, not {columns}'
            if not any(cell.tag == HTML + 'th' for cell in row):
                yield f'{name}: a line without a heading'
        for cell in table.iter(HTML + 'th'):
            if cell.get('scope') not in ('row', 'col'):
                yield f'{name}: a heading of nothing'
    if count < 4:
        yield f'{count} tables'


def pictures(root):
    for svg in root.iter(SVG + 'svg'):
        if svg.get('aria-hidden') == 'true':
            continue
        title = svg.find(SVG + 'title')
        if svg.get('role') != 'img' or title is None or not text_of(title):
            yield 'a picture without a name'
    for tag in ('script', 'iframe', 'object', 'embed', 'link', 'img', 'base', 'form'):
        if any(element.tag.split('}')[-1] == tag for element in root.iter()):
            yield f'there is <{tag}>'


def check(path):
    with open(path, 'rb') as file:
        data = file.read()
    root = ElementTree.fromstring(data)  # throws where it is not well-formed
    folder = os.path.dirname(os.path.abspath(path))
    if not data.startswith(b'<!DOCTYPE html>\n<html lang="en"'):
        yield 'another beginning'
    for element in root.iter():
        bare = element.tag.split('}')[-1]
        empty = len(element) == 0 and not element.text
        if element.tag.startswith(HTML) and empty and bare not in VOID | {'td', 'th'}:
            yield f'an empty <{bare}>'
    for style in root.iter(HTML + 'style'):
        if 'http' in style.text or '@import' in style.text or 'url(' in style.text.replace('url(#', ''):
            yield 'the style sheet loads something'
    for part in (links(root, folder), order(root), tables(root), pictures(root)):
        yield from part


failed = False
for report in sys.argv[1:]:
    for wrong in check(report):
        print(f'{report}: {wrong}')
        failed = True
sys.exit(failed)
