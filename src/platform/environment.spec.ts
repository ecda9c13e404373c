import { readAssignments } from './environment.js';

const KNOWN = ['DATABASE_URL', 'PORT', 'ADMIN_PASSWORD', 'TOOLCRIB_MASTER_KEY'];
const read = (text: string) => readAssignments(text, KNOWN);

describe('readAssignments', () => {
  it.each([
    ['plain', 'PORT=8000', { PORT: '8000' }],
    ['as shells write it', 'export PORT=8000', { PORT: '8000' }],
    ['Windows line ends', 'PORT=1\r\nADMIN_PASSWORD=x\r\n', { PORT: '1', ADMIN_PASSWORD: 'x' }],
    ['spaces around', '  PORT = 8000  ', { PORT: '8000' }],
    ['a comment behind', 'PORT=8000 # ours', { PORT: '8000' }],
    ['quotes', `ADMIN_PASSWORD="a#b 'c'" # ours`, { ADMIN_PASSWORD: "a#b 'c'" }],
    ['quotes over lines', `ADMIN_PASSWORD='a\nb'\nPORT=1`, { ADMIN_PASSWORD: 'a\nb', PORT: '1' }],
    ['nothing', 'PORT=\n', { PORT: '' }],
    ['others', 'COMPOSE_PROJECT_NAME=x', { COMPOSE_PROJECT_NAME: 'x' }],
  ])('reads %s', (_what, text, values) => {
    expect(read(text)).toEqual({ values, problems: [] });
  });

  it.each([
    ['a value that a comment cuts off', 'ADMIN_PASSWORD=hunter#2', 'line 1: ADMIN_PASSWORD has a #'],
    ['more behind the quotes', `ADMIN_PASSWORD="hunter\\"2"`, 'line 1: ADMIN_PASSWORD goes on after'],
    ['two on one line', `PORT="1" DATABASE_URL="hunter2"`, 'line 1: PORT goes on after its closing "'],
    ['more behind quotes over lines', `PORT='1\nhunter2' DATABASE_URL=x`, 'line 1: PORT goes on after'],
    ['a name twice', 'PORT=1\n\nPORT=hunter2', 'line 3: PORT is set in line 1 already'],
    ['a carriage return alone', 'PORT=1\rDATABASE_URL=hunter2', 'line 2: DATABASE_URL is not read'],
    ['a space that is none', '\u00a0DATABASE_URL=hunter2', 'line 1: DATABASE_URL is not read'],
    ['a name that only looks like one', 'DАTABASE_URL=hunter2', 'line 1: is not NAME=value'],
  ])('tells of %s', (_what, text, expected) => {
    const { problems } = read(text);
    expect(problems.join()).toContain(expected);
    expect(problems.join()).not.toContain('hunter2');
  });
});
