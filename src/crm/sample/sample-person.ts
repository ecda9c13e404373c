import type { CustomerFact } from '../customer-profile.entity.js';
import { PREFERENCE_CHANNELS } from '../preference-keys.js';
import {
  ALLERGIES,
  CITIES,
  FIRST_NAMES,
  GIVEN_CHARACTERS,
  LAST_NAMES,
  SAMPLE_CONSULTANTS,
  SAMPLE_PROJECTS,
  type SampleProject,
  SKIN_NOTES,
  SOURCES,
  SURNAMES,
  TAGS,
} from './sample-catalogue.js';
import type { CopyBatch } from './sample-copy.js';
import { type SampleIds, SampleRandom } from './sample-random.js';

export type SampleWorld = {
  readonly tenantId: string;
  readonly ids: SampleIds;
  readonly seed: number;
  /** Nothing happens later than this, except what is planned. */
  readonly asOf: Date;
  readonly messagesPerCustomer: number;
};

/** What is drawn once for a customer and shapes all rows that follow. */
export type SamplePerson = {
  readonly world: SampleWorld;
  readonly number: number;
  readonly random: SampleRandom;
  readonly userId: string;
  readonly consultantId: string;
  /** The project this customer came for. */
  readonly project: SampleProject;
  readonly liveliness: (typeof LIVELINESS)[number];
  readonly registeredMs: number;
};

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/**
 * How lively customers are: their share of all, messages relative to the average (these average to 1), treatments at
 * most, days since the registration.
 */
const LIVELINESS = [
  { share: 0.1, messages: 0.2, treatments: 0, daysMin: 2, daysMax: 60 },
  { share: 0.3, messages: 0.4, treatments: 1, daysMin: 30, daysMax: 730 },
  { share: 0.45, messages: 1.1, treatments: 3, daysMin: 30, daysMax: 730 },
  { share: 0.15, messages: 2.4, treatments: 7, daysMin: 90, daysMax: 730 },
] as const;

/** The same number gives the same person in every run. */
export function makePerson(world: SampleWorld, number: number): SamplePerson {
  const random = new SampleRandom(world.seed, number);
  const consultant = random.between(0, SAMPLE_CONSULTANTS.length - 1);
  let left = random.next();
  const liveliness = LIVELINESS.find(({ share }) => (left -= share) < 0) ?? LIVELINESS[1];
  const days = random.between(liveliness.daysMin, liveliness.daysMax);
  return {
    world,
    number,
    random,
    userId: world.ids.of('customer', number),
    consultantId: world.ids.of('consultant', consultant),
    project: random.pick(SAMPLE_PROJECTS),
    liveliness,
    registeredMs: world.asOf.getTime() - days * DAY_MS - random.between(0, 1439) * MINUTE_MS,
  };
}

export function writeUser(person: SamplePerson, batch: CopyBatch): void {
  const { random, number, world } = person;
  const [name, latin] = makeName(random);
  const username = `${latin}${number}`;
  const subscriber = String((number * 7919) % 100_000_000).padStart(8, '0');
  const registeredAt = new Date(person.registeredMs);
  batch.add('users', [
    person.userId,
    world.tenantId,
    username,
    `${username}@example.com`,
    name,
    `+861${random.pick(['35', '38', '50', '86'])}${subscriber}`,
    ['customer'],
    random.chance(0.12) ? 'vip' : 'standard',
    registeredAt,
    registeredAt,
  ]);
}

export function writeProfile(person: SamplePerson, batch: CopyBatch): void {
  const { random } = person;
  const registeredAt = new Date(person.registeredMs);
  const noted_on = registeredAt.toISOString().slice(0, 10);
  const facts: CustomerFact[] = [
    { topic: 'interest', text: person.project.name, noted_on },
    {
      topic: 'occasion',
      text: random.pick(['婚礼 wedding', '面试 job interview', '日常 everyday']),
      noted_on,
    },
  ];
  const budgetMinCents = random.between(5, 60) * 10_000;
  batch.add('customer_profiles', [
    person.userId,
    person.world.tenantId,
    person.consultantId,
    random.between(1965, 2004),
    random.pick(CITIES),
    random.pick(SOURCES),
    random.chance(0.75) ? 'zh-CN' : 'en-US',
    JSON.stringify(facts),
    [random.pick(TAGS)],
    random.chance(0.2) ? [random.pick(ALLERGIES)] : [],
    random.pick(SKIN_NOTES),
    random.chance(0.1) ? 'Takes blood pressure medication. 服用降压药。' : null,
    budgetMinCents,
    budgetMinCents * random.between(2, 4),
    registeredAt,
    registeredAt,
  ]);
}

/** Some customers stated none. */
export function writePreferences(person: SamplePerson, batch: CopyBatch): void {
  const { random } = person;
  if (random.chance(0.3)) return;
  const values = {
    channel: random.pick(PREFERENCE_CHANNELS),
    language: random.chance(0.75) ? 'zh-CN' : 'en-US',
    timezone: 'Asia/Shanghai',
    ...(random.chance(0.4) && { contact_hours: random.pick(['09:00-12:00', '14:00-17:00', '18:00-21:00']) }),
    ...(random.chance(0.8) && { marketing_consent: random.chance(0.7) }),
    treatment_interests: [person.project.name],
  };
  batch.add('customer_preferences', [
    person.userId,
    person.world.tenantId,
    JSON.stringify(values),
    new Date(person.registeredMs),
  ]);
}

function makeName(random: SampleRandom): [name: string, latin: string] {
  if (random.chance(0.3)) {
    const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
    return [`${first} ${last}`, `${first}.${last}`.toLowerCase()];
  }
  const [surname, surnameLatin] = random.pick(SURNAMES);
  const given = Array.from({ length: random.chance(0.8) ? 2 : 1 }, () => random.pick(GIVEN_CHARACTERS));
  const latin = `${surnameLatin}.${given.map(([, spelling]) => spelling).join('')}`;
  return [surname + given.map(([character]) => character).join(''), latin];
}
