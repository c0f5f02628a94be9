// A Firefox for tests: one JSON line in for each wish, one out for its answer.
//
//   {"id": 1, "wish": "open", "address": "http://…"}             a page of its own profile's cookies; answers with its number
//   {"id": 2, "wish": "evaluate", "page": 0, "source": "…"}      what the expression comes to
//
// Driven by WebDriver BiDi, which Debian's Firefox speaks; Playwright needs a Firefox of its own making.
import process from "node:process";
import readline from "node:readline";

import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true, // a camera and a microphone that are none
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.peerconnection.ice.loopback": true, // the server is on this machine
    "media.peerconnection.ice.obfuscate_host_addresses": false,
    "media.peerconnection.ice.default_address_only": false,
    "media.peerconnection.ice.no_host": false,
    "media.peerconnection.ice.proxy_only_if_behind_proxy": false,
    "media.peerconnection.ice.proxy_only_if_pbmode": false,
    "media.gmp-manager.updateEnabled": false, // H264 would come from there: nothing is fetched in a test
    "dom.min_background_timeout_value": 4, // pages that are not in front go on as if they were
    "dom.timeout.throttling_delay": -1,
  },
});
const pages = [];
const wishes = {
  async open({ address }) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(address);
    return pages.push(page) - 1;
  },
  evaluate: ({ page, source }) => pages[page].evaluate(source),
  version: () => browser.version(),
};
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, wish, ...more } = JSON.parse(line);
  wishes[wish](more).then(
    (value) => say({ id, value: value ?? null }),
    (error) => say({ id, error: error.message }),
  );
}
await browser.close();
