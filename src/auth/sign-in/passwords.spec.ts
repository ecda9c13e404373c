import { BusyError } from '../../platform/errors.js';
import { hashPassword, passwordPlaces, verifyPassword } from './passwords.js';

describe('passwords', () => {
  it('accepts the password it hashed and no other', async () => {
    const stored = await hashPassword('correct horse battery');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifyPassword(stored, 'correct horse battery')).toBe(true);
    expect(await verifyPassword(stored, 'correct horse batterz')).toBe(false);
  });

  it('refuses everything for a person without a password', async () => {
    expect(await verifyPassword(null, '')).toBe(false);
    expect(await verifyPassword(null, 'anything')).toBe(false);
  });

  it('are worked on a few at a time, and refused when too many wait', async () => {
    const inPlace = passwordPlaces(2, 1);
    const ends: (() => void)[] = [];
    let begun = 0;
    const work = () =>
      inPlace(() => {
        begun++;
        return new Promise<void>((resolve) => ends.push(resolve));
      });
    const works = [work(), work(), work()];
    await expect(work()).rejects.toThrow(BusyError);
    expect(begun).toBe(2);
    ends[0]();
    await works[0];
    await Promise.resolve(); // the one that waited has begun
    expect(begun).toBe(3);
    for (const end of ends) end();
    await Promise.all(works);
  });
});
