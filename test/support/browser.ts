import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** A browser of this machine; undefined: there is none. */
const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((file) => isExecutable(file));

/** Tests in a browser; on a machine without one they are left out, and it is said how to get one. */
export const inBrowser = executablePath === undefined ? describe.skip : describe;
if (executablePath === undefined)
  process.stdout.write(
    'No Chromium on the PATH, so the console is not tried in a browser: apt install chromium\n',
  );

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export type PageLook = {
  readonly language?: 'en-GB' | 'zh-CN';
  readonly colorScheme?: 'light' | 'dark';
  /** Of the window, in pixels. @default 1280 */
  readonly width?: number;
};

/** What a page complained about: failures in the console, and what its policy did not let in. */
export type Complaints = readonly string[];

/** A page of a person of its own, signed in by form. */
export async function signedInPage(
  browser: Browser,
  url: string,
  person: { readonly email: string; readonly password: string },
  look: PageLook = {},
): Promise<{ readonly page: Page; readonly complaints: Complaints }> {
  const { language = 'en-GB', colorScheme = 'light', width = 1280 } = look;
  const context = await browser.newContext({
    locale: language,
    colorScheme,
    viewport: { width, height: 900 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // By asking it is found out whether the cookie signs somebody in, and whether a record has its proof yet.
    if (message.type() === 'error' && !/status of (401|409)/.test(message.text()))
      complaints.push(message.text());
  });
  await page.goto(url);
  await page.locator('input[autocomplete=username]').fill(person.email);
  await page.locator('input[type=password]').fill(person.password);
  await page.locator('button[type=submit]').click();
  await page
    .locator('nav')
    .first()
    .waitFor({ state: 'attached' })
    .catch(async (error: Error) => {
      throw new Error(
        `${error.message}\n${await page.locator('body').innerText()}\n${complaints.join('\n')}`,
      );
    });
  return { page, complaints };
}

/** Goes to an address as a link does, without loading the page anew. */
export async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(
    `history.pushState({}, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`,
  );
  await page.locator('main h1').first().waitFor();
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
}

/** What axe finds of WCAG 2.2 A and AA, one line each. */
export async function barriersOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResult>(`axe.run({ runOnly: ${JSON.stringify(TAGS)} })`);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

type AxeResult = {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
};

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
