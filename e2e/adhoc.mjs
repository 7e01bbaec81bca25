import { chromium } from 'playwright';
import { spawn } from 'node:child_process';
const child = spawn(process.execPath, ['signaling/dist/main.js'], {
  env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((r) => {
  let o = '';
  child.stdout.on('data', (d) => {
    o += d;
    const m = o.match(/^(http:\S+)\n/m);
    if (m) r(m[1]);
  });
});
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});
const page = await (await browser.newContext()).newPage();
page.on('console', (m) => console.log('console', m.type(), m.text()));
page.on('pageerror', (e) => console.log('error', e.message));
const t = Date.now();
await page.goto(url);
await page.waitForFunction(() => navigator.serviceWorker.controller);
console.log('controlled after', Date.now() - t);
console.log(
  await page.evaluate(async () => {
    const r = await fetch('files/abc/x');
    return [r.status, await r.text(), [...r.headers]];
  }),
);
const cdp = await page.context().newCDPSession(page);
await cdp.send('Network.enable');
await cdp.send('Page.reload', { ignoreCache: true });
await page.waitForTimeout(2500);
console.log('after shift reload', await page.evaluate(() => navigator.serviceWorker.controller?.state));
console.log(
  'pdf viewer',
  await page.evaluate(() => navigator.pdfViewerEnabled),
  await page.evaluate(
    async () => (await VideoEncoder.isConfigSupported({ codec: 'vp8', width: 320, height: 180 })).supported,
  ),
);
await browser.close();
child.kill();
