import type { Config } from '../config.js';
import { SecretBox } from './secret-box.js';

const boxOf = (...masterKeys: Buffer[]) => new SecretBox({ masterKeys } as unknown as Config);
const [old, present] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

describe('SecretBox', () => {
  it('opens what it sealed, in the same context only', () => {
    const box = boxOf(old);
    const sealed = box.seal('secret', 'row:1');
    expect(box.open(sealed, 'row:1')).toBe('secret');
    expect(() => box.open(sealed, 'row:2')).toThrow('does not open');
    expect(sealed.toString('latin1')).not.toContain('secret');
  });

  it('refuses a box that was changed, or is none', () => {
    const box = boxOf(old);
    const sealed = box.seal('secret', 'row:1');
    for (const index of [0, 1, 6, 20, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[index] ^= 1;
      expect(() => box.open(changed, 'row:1')).toThrow('does not open');
    }
    expect(() => box.open(Buffer.alloc(3), 'row:1')).toThrow('does not open');
  });

  it('knows what the previous master key made, and makes everything new under the present one', () => {
    const [before, during, after] = [boxOf(old), boxOf(present, old), boxOf(present)];
    const sealed = before.seal('secret', 'row:1');
    expect(during.open(sealed, 'row:1')).toBe('secret');
    expect(sealed.subarray(0, 5)).not.toEqual(during.presentPrefix);
    expect(during.previousDigests('secret')).toEqual([before.digest('secret')]);
    const renewed = during.seal('secret', 'row:1');
    expect(renewed.subarray(0, 5)).toEqual(during.presentPrefix);
    expect(after.open(renewed, 'row:1')).toBe('secret');
    expect(() => after.open(sealed, 'row:1')).toThrow('does not open');
    expect(during.tokenKeyOf(before.keyId)?.export()).toEqual(before.tokenSigningKey.export());
    expect(after.tokenKeyOf(before.keyId)).toBeUndefined();
  });
});
