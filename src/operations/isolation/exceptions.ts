/** Why an operation or a finding is as it should be. One that is not named here fails the check. */
export type Exception = {
  readonly where: RegExp;
  readonly attack?: RegExp;
  /** What was found; an exception for a difference does not excuse a leak. */
  readonly problem?: RegExp;
  readonly reason: string;
};

/** Operations that cannot be attacked from the document alone. */
export const NOT_ATTACKED: readonly Exception[] = [
  {
    where: /^GET \/api\/v1\/admin\/(installation\/)?features\/\{name\}$/,
    reason:
      "By name, and switches of the same name are each tenant's own; attacked with the victim's names, but the own switch of a " +
      'request that works is not found by its id. test/access/features.e2e-spec.ts shows the isolation',
  },
  {
    where: /^(GET \/api\/v1\/auth\/oidc\/|POST \/api\/v1\/admin\/oidc-providers$)/,
    reason:
      'Needs an identity provider outside that answers, and for the callback the cookie of the browser that began; ' +
      'test/auth/oidc.e2e-spec.ts attacks it with a real one',
  },
  {
    where: /^DELETE \/api\/v1\/admin\/users\/\{id\}\/sessions\/\{sessionId\}$/,
    reason:
      'Its two ids must belong together, and the session of a request that works would be the own one; ' +
      'test/auth/users.e2e-spec.ts attacks it',
  },
  {
    where: /^(GET|PUT|DELETE|POST) \/api\/v1\/admin\/notification-templates\/\{kind\}\/\{language\}/,
    reason:
      "By a kind and a language out of fixed lists, and texts under them are each tenant's own: there is no id of another tenant " +
      'to name. test/messaging/notifications-deliveries.e2e-spec.ts shows the isolation',
  },
  {
    where: /^POST \/api\/v1\/admin\/notification-channels$/,
    reason:
      'Its settings must be those of its kind, and it names no row; test/messaging/notifications-channels.e2e-spec.ts',
  },
  {
    where: /^(POST|PUT) \/api\/v1\/admin\/upstreams(\/\{id\}|\/import)?$/,
    reason: 'Its settings must be those of its transport; test/sources/upstreams.e2e-spec.ts attacks it',
  },
  {
    where: /^POST \/api\/v1\/admin\/upstreams\/\{id\}\/approvals$/,
    reason: 'Its tools must be those of the upstream; test/sources/upstreams.e2e-spec.ts attacks it',
  },
  {
    where: /^PUT \/api\/v1\/notifications\/channels\/\{id\}$/,
    reason:
      'Finds channels that tell each person, which a made-up row is not; test/messaging/notifications-deliveries.e2e-spec.ts attacks it',
  },
  {
    where: /^PUT \/api\/v1\/treatment-plans\/\{id\}$/,
    reason:
      'Its lines must keep the rules of plans, on days to come; test/consultants/treatment-plans.e2e-spec.ts attacks it',
  },
  {
    where: /^tool read_result$/,
    reason:
      'Its handle comes out of a long result of the same caller and stands in no row; test/tools/tool-results.e2e-spec.ts attacks it',
  },
  {
    where: /^POST \/api\/v1\/auth\//,
    reason:
      'Takes the secrets of whoever calls (password, one-time code, token) and acts on their own account; ' +
      'a foreign token is its bearer. Its answers are searched all the same; test/auth/auth.e2e-spec.ts attacks it',
  },
  {
    where: /^GET \/api\/v1\/auth\/oidc\/\{id\}\/|^POST \/api\/v1\/admin\/oidc-providers$/,
    reason: 'Works only with an outside OpenID provider that answers; this check has none',
  },
];

/** What one tenant can tell about another, by design. */
export const KNOWN: readonly Exception[] = [
  {
    where: /^features$/,
    attack: /^column name$/,
    reason: 'The name of a switch is any text; one that looks like an id refers to nothing',
  },
  {
    where: /^agent_versions$/,
    attack: /^column app_id$/,
    reason: "The id of an app in somebody's Dify is any text; it refers to nothing here",
  },
  {
    where: /^(GET|PUT|DELETE) \/api\/v1\/admin\/(installation\/)?features\/\{name\}$/,
    attack: /^path name /,
    problem: /^answers differ/,
    reason:
      "The name of a switch is chosen by whoever makes it: an attack on PUT has made one of that name among the attacker's own",
  },
  {
    where: /^GET \/api\/v1\/admin\/audit-logs(\/export)?$/,
    attack: /^query /,
    problem: /^answers differ/,
    reason: "Finds the attacker's own acts: what was sent stands in their record",
  },
  {
    where: /^GET \/api\/v1\/admin\/call-logs(\/export)?$/,
    attack: /^query q /,
    problem: /^answers differ/,
    reason: "Finds the attacker's own calls: what was sent as arguments stands in their records",
  },
  {
    where: /^tool (generate|optimize)_treatment_plan$/,
    attack: /^argument (goals|health_conditions) /,
    problem: /^answers differ /,
    reason:
      "A plan is made of the words that were sent: other words may speak for other services of the attacker's own, " +
      'and each call of the second makes another numbered revision',
  },
  {
    where: /^GET \/api\/v1\/auth\/oidc\/\{id\}\/start$/,
    attack: /^path id /,
    reason:
      'Where people begin to sign in is a public address that a tenant gives out; whoever has it may learn that the provider ' +
      'is there and whether it answers, and nothing else',
  },
  {
    where: /^POST \/api\/v1\/admin\/groups(\/\{id\}\/copy)?$/,
    attack: /^body server_code /,
    reason:
      'Server codes are part of public URLs and unique over the installation, so a taken one must be refused',
  },
  {
    where: /^GET \/api\/v1\/auth\/oidc\/\{id\}\/start$/,
    attack: /^path id /,
    reason:
      'Public: whoever signs in with a provider is not known yet, so the address of each provider works for anybody',
  },
];

export function isExcepted(
  exceptions: readonly Exception[],
  where: string,
  attack = '',
  problem = '',
): Exception | undefined {
  return exceptions.find(
    (exception) =>
      exception.where.test(where) &&
      (exception.attack?.test(attack) ?? true) &&
      (exception.problem?.test(problem) ?? true),
  );
}
