import { resolve } from 'node:path';
import { type Row, toText, writeReport } from './report.js';
import { hastyStage } from './hasty-stage.js';
import { type Scenario, type Size, underLoad } from './scenario.js';
import { badTools } from './scenarios/bad-tools.js';
import { hangUps, slowBodies } from './scenarios/bad-clients.js';
import { cutNetwork, fillConnections, freezeNetwork } from './scenarios/connections.js';
import { fillDisk } from './scenarios/disk-full.js';
import { malformed } from './scenarios/malformed.js';
import { killApp, killPostgres, pausePostgres } from './scenarios/processes.js';
import { buildStage, type Stage } from './stage.js';

const SIZE: Size = process.env.CHAOS === 'full' ? 'full' : 'short';
const LIMIT_MS = { short: 300_000, full: 600_000 } as const;
const REPORT_DIRECTORY = process.env.CHAOS_REPORT ?? '';

/** Given while no service is there. */
const ANSWERS_OF_NOBODY = 50;

const SCENARIOS: readonly Scenario[] = [
  badTools,
  hangUps,
  slowBodies,
  malformed,
  cutNetwork,
  freezeNetwork,
  pausePostgres,
  fillConnections,
  killPostgres,
  killApp,
  fillDisk,
];

/** Short in every test run; `npm run chaos` does all of it and reports. */
describe('faults under load', () => {
  const rows: Row[] = [];
  let stage: Stage;

  beforeAll(async () => {
    stage = await buildStage();
  }, LIMIT_MS[SIZE]);
  afterAll(async () => {
    await stage.close();
    if (REPORT_DIRECTORY) writeReport(resolve(REPORT_DIRECTORY), rows);
  });

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s: no answered call is lost, everyone is told, all is well again',
    async (name, scenario) => {
      const skipped = scenario.skip?.();
      if (skipped !== undefined) {
        process.stderr.write(`SKIPPED: ${name}: ${skipped}\n`);
        rows.push({ scenario: name, skipped });
        return;
      }
      const place = (await scenario.ownStage?.()) ?? stage;
      try {
        const findings = await scenario.run(place, SIZE);
        rows.push({ scenario: name, findings });
        if (SIZE === 'full') process.stderr.write(`${toText(rows.slice(-1))}\n\n`);
        expect(findings.lost).toEqual([]);
        expect(findings.unclear).toEqual([]);
      } finally {
        if (place !== stage) await place.close();
      }
    },
    LIMIT_MS[SIZE],
  );

  it(
    'finds what is lost where the promise is broken: a service that answers before its commit, and dies',
    async () => {
      const hasty = await hastyStage(stage);
      try {
        const { lost } = await underLoad(hasty, async (load) => {
          await stage.app().kill9();
          await load.answers(ANSWERS_OF_NOBODY);
          await stage.startApp();
        });
        expect(lost.length).toBeGreaterThanOrEqual(ANSWERS_OF_NOBODY);
      } finally {
        await hasty.close();
      }
    },
    LIMIT_MS[SIZE],
  );
});
