import { findPasswordProblem } from './password-rules.js';

const CONTEXT = ['emma.stone', 'emma.stone@acme-clinic.example', 'Acme Clinic'];

describe('findPasswordProblem', () => {
  it.each([
    'correct horse battery',
    'xkTq7vRm2LpZ',
    'four quiet lamps burn',
    '一把红色的雨伞靠在门边上',
    'tinker tailor soldier spy',
    'a'.repeat(0) + 'wolke-regen-tasse-9',
  ])('takes %s', (password) => {
    expect(findPasswordProblem(password, CONTEXT)).toBeNull();
  });

  it.each([
    ['short', 'eleven char'],
    ['too long', 'correct horse battery '.repeat(12)],
  ])('asks for 12 to 256 characters: %s', (_name, password) => {
    expect(findPasswordProblem(password, CONTEXT)).toMatch(/12 to 256/);
  });

  it.each([
    'password1234',
    'P4ssw0rd-P4ssw0rd',
    'Passw0rd!2026',
    'qwertyuiop123',
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabcabc',
    '123456789012',
    '098765432109',
    '20260131202601',
    'welcome-to-toolcrib',
    'AcmeClinic2026!',
    'emma.stone.emma',
    'iloveyou iloveyou',
    '------------',
  ])('refuses what guessers try first: %s', (password) => {
    expect(findPasswordProblem(password, CONTEXT)).toMatch(/too easy to guess/);
  });
});
