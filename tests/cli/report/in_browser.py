"""Opens reports in a headless Chromium: nothing is complained of or asked for, every picture is there with a size, every link
leads somewhere, and nothing is wider than the window, of a phone or a desk, in light and dark.
    python3 in_browser.py CHROMIUM REPORT...
Prints what is not so; exit status 1 when there is any.
"""
import sys

from browser import Browser

COMPLAINTS = ('Log.entryAdded', 'Runtime.consoleAPICalled', 'Runtime.exceptionThrown')

# What is folded has no size.
OPEN = "document.querySelectorAll('details').forEach(fold => { fold.open = true; }); document.querySelectorAll('details').length"

WRONG = r"""(() => {
  const wrong = [];
  for (const picture of document.querySelectorAll('figure svg, figure img')) {
    const box = picture.getBoundingClientRect();
    if (box.width < 100 || box.height < 100) wrong.push('a picture of ' + box.width + ' by ' + box.height);
    const shapes = [...picture.querySelectorAll('path, rect, circle, text')];
    if (shapes.filter(shape => shape.getBoundingClientRect().width > 0).length < 10) wrong.push('a picture of nothing');
  }
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const target = document.getElementById(link.getAttribute('href').slice(1));
    if (!target || target.getClientRects().length === 0) wrong.push(link.getAttribute('href') + ' leads nowhere');
  }
  for (const use of document.querySelectorAll('use'))
    if (!document.querySelector(use.getAttribute('xlink:href') || use.getAttribute('href'))) wrong.push('<use> of nothing');
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) wrong.push('it is ' + root.scrollWidth + ' wide, in ' + window.innerWidth);
  for (const box of document.querySelectorAll('.scroll'))
    if (box.tabIndex !== 0) wrong.push('a box that no key reaches');
  return wrong;
})()"""

# Contrast of every text that is not in a picture, by the formula of WCAG 2.
FAINT = r"""(() => {
  const numbers = colour => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let faint = 21, where = '';
  for (const element of document.body.querySelectorAll('*:not(svg *)')) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < faint) { faint = contrast; where = element.tagName + '.' + element.className; }
  }
  return [faint, where];
})()"""


def check(browser, report):
    for width, dark in ((360, False), (360, True), (1280, False), (1280, True)):
        browser.open(report, width, 800, dark)
        name = f'{width} wide, {"dark" if dark else "light"}'
        browser.evaluate(OPEN)
        yield from (f'{name}: {wrong}' for wrong in browser.evaluate(WRONG))
        contrast, where = browser.evaluate(FAINT)
        if contrast < 4.5:
            yield f'{name}: a text ({where}) is only {contrast:.2f} to 1 from what is behind it'
        for event in browser.events:
            if event['method'] in COMPLAINTS:
                yield f'{name}: {event["params"]}'
            if event['method'] == 'Network.requestWillBeSent' and event['params']['type'] != 'Document':
                yield f'{name}: it loads {event["params"]["request"]["url"]}'
    # A link to a story that is folded unfolds it.
    browser.open(report, 1280, 800)
    for story in browser.evaluate("[...document.querySelectorAll('td a[href^=\"#story-\"]')].map(link => link.hash)"):
        folded = browser.evaluate(f"location.hash = '{story}'; new Promise(done => setTimeout(done, 100)).then(() => "
                                  f"document.querySelector('{story}').closest('details:not([open])') !== null)")
        if folded:
            yield f'{story} stays folded'
    # On paper nothing is folded.
    browser.media('print')
    if browser.evaluate("[...document.querySelectorAll('details > *:not(summary)')].some(part => part.getClientRects().length === 0 || "
                        "!part.checkVisibility({contentVisibilityAuto: true}))"):
        yield 'on paper something is folded away'


failed = False
pictures = 0
with Browser(sys.argv[1]) as chromium:
    for page in sys.argv[2:]:
        for what in check(chromium, page):
            print(f'{page}: {what}')
            failed = True
        pictures += chromium.evaluate("document.querySelectorAll('figure svg').length")
print(f'{pictures} pictures')
sys.exit(failed)
