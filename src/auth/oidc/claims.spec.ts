import { isUnverified, readClaims } from './claims.js';
import { OidcProvider } from './oidc-provider.entity.js';

const provider = (changes: Partial<OidcProvider> = {}) =>
  Object.assign(new OidcProvider(), {
    emailClaim: 'email',
    nameClaim: 'name',
    rolesClaim: 'realm_access.roles',
    roleMap: { admins: 'admin', staff: 'consultant' },
    tierClaim: 'tier',
    tierMap: { gold: 'vip' },
    defaultRoles: ['customer'],
    ...changes,
  });

describe('readClaims', () => {
  it('follows the mapping, also into nested claims', () => {
    const claims = {
      email: ' Emma@Acme.example ',
      name: 'Emma',
      realm_access: { roles: ['admins', 'else', 'staff', 5] },
      tier: 'gold',
    };
    expect(readClaims(claims, provider())).toEqual({
      email: 'emma@acme.example',
      displayName: 'Emma',
      roles: ['admin', 'consultant', 'customer'],
      tier: 'vip',
    });
  });

  it('makes nothing of what is missing or of another type', () => {
    expect(readClaims({ email: ['x'], name: 7, tier: 'constructor' }, provider())).toEqual({
      email: null,
      displayName: null,
      roles: ['customer'],
      tier: null,
    });
    const proto = { 'realm_access.roles': '__proto__', realm_access: null };
    expect(readClaims(proto, provider()).roles).toEqual(['customer']);
  });

  it('says nothing of roles without a roles claim', () => {
    expect(readClaims({}, provider({ rolesClaim: null })).roles).toBeNull();
  });

  it('notices an address that the provider did not prove', () => {
    expect(
      [{ email_verified: false }, { email_verified: 'false' }, { email_verified: true }, {}].map(
        isUnverified,
      ),
    ).toEqual([true, true, false, false]);
  });
});
