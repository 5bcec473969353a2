"""A headless Chromium that is spoken to over two pipes, by the DevTools protocol; with Python's own library alone.

It keeps no profile, reads the network never, and is ended by its process id, with whatever it started.
"""
import json
import os
import select
import signal
import subprocess
import tempfile
import time

SECONDS = 60  # for any answer: the machine may be busy


class Browser:
    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()

        def pipes():  # the protocol's own numbers; through high ones, as these may be 3 or 4 themselves
            first, second = os.dup2(to_read, 100), os.dup2(back_write, 101)
            os.dup2(first, 3)
            os.dup2(second, 4)
            os.setsid()

        self.process = subprocess.Popen(
            [program, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
             '--disable-background-networking', '--disable-extensions', '--host-resolver-rules=MAP * ~NOTFOUND',
             '--hide-scrollbars', '--user-data-dir=' + self.folder.name, '--remote-debugging-pipe', 'about:blank'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pipes,
            close_fds=False, env={**os.environ, 'HOME': self.folder.name})
        os.close(to_read)
        os.close(back_write)
        self.number, self.buffer, self.events, self.session = 0, b'', [], None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.to)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # a group of its own
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.back)
        for _ in range(50):  # its children may still write there
            try:
                self.folder.cleanup()
                return
            except OSError:
                time.sleep(0.1)

    def read(self):
        """The next message."""
        deadline = time.monotonic() + SECONDS
        while b'\0' not in self.buffer:
            if not select.select([self.back], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError('the browser says nothing')
            more = os.read(self.back, 1 << 16)
            if not more:
                raise EOFError('the browser has ended')
            self.buffer += more
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        data = json.dumps(message).encode() + b'\0'
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.read()
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["error"]}')
                return answer['result']
            if 'method' in answer:
                self.events.append(answer)

    def open(self, path, width, height, dark=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.media('screen', dark)
        self.events = []
        self.call('Page.navigate', url='file://' + os.path.abspath(path))
        while not any(event['method'] == 'Page.loadEventFired' for event in self.events):
            event = self.read()
            if 'method' in event:
                self.events.append(event)
        self.call('Runtime.evaluate', expression='0')  # what was said of loading has come by now

    def media(self, medium, dark=False):
        self.call('Emulation.setEmulatedMedia', media=medium,
                  features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def evaluate(self, expression):
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(answer['exceptionDetails'])
        return answer['result'].get('value')
