import * as fc from 'fast-check';
import { readProposal } from './agent-proposal.js';
import type { Evidence } from './plan-case.js';

const GOAL: Evidence = { table: 'request', id: null, field: 'goals', value: 'spots' };
const ROWS = new Map([['e1', GOAL]]);

describe('an agent’s proposal', () => {
  it('is read out of whatever stands around it', () => {
    const json = JSON.stringify({
      summary: 'This cures melasma for good.',
      lines: [
        {
          service: ' pico ',
          sessions: '3',
          interval_days: 28,
          start_on: '2026-07-01',
          because: ['e1', 'e1', 'e9'],
        },
        { service: 'hydra', sessions: 'many', interval_days: -1, start_on: 'soon', because: 'e1' },
        { sessions: 3 },
        'pico',
      ],
    });
    expect(readProposal(`Here you are:\n\`\`\`json\n${json}\n\`\`\`\nAll the best!`, ROWS)).toEqual([
      { service: 'pico', sessions: 3, intervalDays: 28, startOn: '2026-07-01', because: [GOAL] },
      { service: 'hydra', sessions: undefined, intervalDays: undefined, startOn: undefined, because: [] },
    ]);
  });

  it.each([
    '',
    'I cannot help with that.',
    '{',
    '{}',
    '{"lines":[]}',
    '{"lines":{}}',
    '[1]',
    '{"lines":[1]}',
    'null',
  ])('is none: %s', (answer) => {
    expect(readProposal(answer, ROWS)).toBeNull();
  });

  it('never throws, whatever the answer', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"lines":[${json}]}`),
        ),
        (answer) => {
          const lines = readProposal(answer, ROWS) ?? [];
          expect(lines.every(({ service }) => service.length > 0)).toBe(true);
        },
      ),
    );
    expect(readProposal(`{"lines":[${'1,'.repeat(100_000)}1]}`, ROWS)).toBeNull();
  });
});
