import type { ConsultationOutcome } from '../consultation.entity.js';
import { CONVERSATION_CHANNELS } from '../conversation.entity.js';
import {
  CUSTOMER_LINES,
  GREETING,
  NOTE_LINES,
  REPLY_LINES,
  SAMPLE_PROJECTS,
  type SampleProject,
  TASK_LINES,
} from './sample-catalogue.js';
import type { CopyBatch } from './sample-copy.js';
import { DAY_MS, MINUTE_MS, type SamplePerson } from './sample-person.js';

const MESSAGES_PER_CONVERSATION = 18;

const OUTCOMES_WITHOUT_TREATMENT: readonly ConsultationOutcome[] = [
  'considering',
  'considering',
  'follow_up',
  'declined',
  'unsuitable',
  'no_show',
  'cancelled',
];

export function writeConversations(person: SamplePerson, batch: CopyBatch): void {
  const { random, world, number, project } = person;
  const average = world.messagesPerCustomer * person.liveliness.messages;
  const total = Math.max(2, random.between(Math.ceil(average * 0.5), Math.floor(average * 1.5)));
  const count = Math.max(1, Math.min(6, Math.round(total / MESSAGES_PER_CONVERSATION)));
  let written = 0;
  for (const [index, startMs] of timesSinceRegistration(person, count).entries()) {
    const id = world.ids.of('conversation', number, index);
    batch.add('conversations', [
      id,
      world.tenantId,
      person.userId,
      person.consultantId,
      random.pick(CONVERSATION_CHANNELS),
      index === 0 ? `First contact: ${project.name}` : project.name,
      index < count - 1 ? new Date(startMs + DAY_MS) : null,
      new Date(startMs),
    ]);
    const size = Math.ceil((total - written) / (count - index));
    writeMessages(person, batch, { conversationId: id, startMs, size, firstSequence: written });
    written += size;
  }
}

type Thread = {
  readonly conversationId: string;
  readonly startMs: number;
  readonly size: number;
  readonly firstSequence: number;
};

/** Our side and the customer by turns, beginning with the greeting. */
function writeMessages(person: SamplePerson, batch: CopyBatch, thread: Thread): void {
  const { random, world, number, project } = person;
  let timeMs = thread.startMs;
  for (let index = 0; index < thread.size; index += 1) {
    const [kind, senderId] =
      index % 2 === 1
        ? ['customer', person.userId]
        : index === 0 || random.chance(0.4)
          ? ['ai', null]
          : ['consultant', person.consultantId];
    const line = index === 0 ? GREETING : random.pick(kind === 'customer' ? CUSTOMER_LINES : REPLY_LINES);
    batch.add('messages', [
      world.ids.of('message', number, thread.firstSequence + index),
      world.tenantId,
      thread.conversationId,
      person.userId,
      kind,
      senderId,
      line.replace('%s', project.name),
      new Date(timeMs),
    ]);
    timeMs += random.between(1, 8) * MINUTE_MS;
  }
}

/** Treatments follow booked consultations; one that would lie in the future has not been done yet. */
export function writeConsultations(person: SamplePerson, batch: CopyBatch): void {
  const { random, liveliness, world } = person;
  const treatments = random.between(0, liveliness.treatments);
  const others = liveliness.treatments === 0 ? 0 : random.between(0, 2);
  for (const [index, startMs] of timesSinceRegistration(person, treatments + others).entries()) {
    const project = random.chance(0.6) ? person.project : random.pick(SAMPLE_PROJECTS);
    const outcome = index < treatments ? 'booked' : random.pick(OUTCOMES_WITHOUT_TREATMENT);
    writeConsultation(person, batch, { index, project, outcome, startMs });
    const performedMs = startMs + random.between(2, 10) * DAY_MS;
    if (outcome !== 'booked' || performedMs >= world.asOf.getTime()) continue;
    batch.add('treatments', [
      world.ids.of('treatment', person.number, index),
      world.tenantId,
      person.userId,
      projectId(person, project),
      Math.round(random.between(project.priceMinCents, project.priceMaxCents) / 1000) * 1000,
      new Date(performedMs),
    ]);
  }
}

type Talk = {
  readonly index: number;
  readonly project: SampleProject;
  readonly outcome: ConsultationOutcome;
  readonly startMs: number;
};

function writeConsultation(person: SamplePerson, batch: CopyBatch, talk: Talk): void {
  const { random, world } = person;
  const missed = talk.outcome === 'no_show' || talk.outcome === 'cancelled';
  const lines = missed ? [] : Array.from({ length: 3 }, () => random.pick(NOTE_LINES));
  batch.add('consultations', [
    world.ids.of('consultation', person.number, talk.index),
    world.tenantId,
    person.userId,
    person.consultantId,
    projectId(person, talk.project),
    talk.outcome,
    [...new Set(lines)].join(' ').replace('%s', talk.project.name),
    new Date(talk.startMs),
    missed ? null : new Date(talk.startMs + random.between(15, 60) * MINUTE_MS),
  ]);
}

export function writeTasks(person: SamplePerson, batch: CopyBatch): void {
  const { random, world } = person;
  const count = random.pick([0, 0, 1, 1, 2]);
  for (const [index, createdMs] of timesSinceRegistration(person, count).entries()) {
    const { title, description } = random.pick(TASK_LINES);
    const status = random.pick(['open', 'in_progress', 'done', 'done', 'blocked', 'cancelled']);
    const closed = status === 'done' || status === 'cancelled';
    const closedMs = Math.min(createdMs + random.between(1, 4320) * MINUTE_MS, world.asOf.getTime());
    batch.add('tasks', [
      world.ids.of('task', person.number, index),
      world.tenantId,
      person.userId,
      random.chance(0.8) ? person.consultantId : null,
      title,
      description,
      status,
      random.pick(['low', 'normal', 'normal', 'high', 'urgent']),
      new Date(createdMs + random.between(1, 40) * DAY_MS),
      closed ? new Date(closedMs) : null,
      new Date(createdMs),
      new Date(closed ? closedMs : createdMs),
    ]);
  }
}

function projectId({ world }: SamplePerson, project: SampleProject): string {
  return world.ids.of('project', SAMPLE_PROJECTS.indexOf(project));
}

/** Random times between the registration and a day before the end, rising. */
function timesSinceRegistration({ world, random, registeredMs }: SamplePerson, count: number): number[] {
  const spanMinutes = Math.max(0, world.asOf.getTime() - DAY_MS - registeredMs) / MINUTE_MS;
  const times = Array.from(
    { length: count },
    () => registeredMs + Math.floor(random.next() * spanMinutes) * MINUTE_MS,
  );
  return times.toSorted((a, b) => a - b);
}
