import { BusyError } from '../../platform/errors.js';
import { type PasswordShare, passwordPlaces } from './password-places.js';
import { hashPassword, verifyPassword } from './passwords.js';

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

  describe('places', () => {
    /** Work that ends when it is told to. */
    function newPlaces(atOnce: number, waitingMax: number) {
      const inPlace = passwordPlaces(atOnce, waitingMax);
      const begun: string[] = [];
      const ends: (() => void)[] = [];
      const work = (name: string, ...share: PasswordShare) =>
        inPlace(share, () => {
          begun.push(name);
          return new Promise<string>((resolve) => ends.push(() => resolve(name)));
        });
      const endAll = async (works: readonly Promise<string>[]) => {
        for (let ended = 0; ended < works.length; ended++) {
          await Promise.race([works[ended], new Promise((resolve) => setImmediate(resolve))]);
          ends[ended]?.();
        }
        return Promise.all(works);
      };
      return { work, begun, ends, endAll };
    }

    it('are few, and so are those that wait', async () => {
      const { work, begun, ends, endAll } = newPlaces(2, 1);
      const works = [work('1', 'n', 'a'), work('2', 'n', 'a'), work('3', 'n', 'a')];
      await expect(work('4', 'n', 'a')).rejects.toThrow(BusyError);
      expect(begun).toEqual(['1', '2']);
      ends[0]();
      await works[0];
      await endAll(works);
      expect(begun).toEqual(['1', '2', '3']);
    });

    it('are made room in by the network that holds most, and by its client that does', async () => {
      const { work, begun, endAll } = newPlaces(1, 4);
      const works = [
        work('runs', 'many', 'a'),
        ...['1', '2', '3'].map((name) => work(name, 'many', 'a')),
        work('other', 'many', 'b'),
      ];
      const refused = works[3].catch((error: unknown) => error);
      works.push(work('stranger', 'few', 'c'));
      expect(await refused).toBeInstanceOf(BusyError);
      await expect(work('5', 'many', 'a')).rejects.toThrow(BusyError);
      await endAll(works.filter((_, index) => index !== 3));
      expect(begun).toEqual(['runs', '1', 'stranger', '2', 'other']);
    });

    it('go on after work that failed', async () => {
      const inPlace = passwordPlaces(1, 1);
      const share = ['n', 'a'] as const;
      const failing = inPlace(share, () => Promise.reject(new Error('odd')));
      const next = inPlace(share, () => Promise.resolve('done'));
      await expect(failing).rejects.toThrow('odd');
      expect(await next).toBe('done');
    });
  });
});
