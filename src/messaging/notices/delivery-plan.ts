import type { Audience, ChannelKind } from './notice.js';

export type PlannedChannel = { readonly id: string; readonly kind: ChannelKind; readonly audience: Audience };

/** What of a person decides over which channels they are reached. */
export type PlannedPerson = {
  readonly id: string;
  /** Ids of channels that they turned off. */
  readonly offChannels: ReadonlySet<string>;
  /** Ids of channels for which they gave an address of their own. */
  readonly ownAddresses: ReadonlySet<string>;
  readonly hasBrowser: boolean;
};

export type PlannedDelivery = {
  readonly recipientId: string | null;
  readonly channel: PlannedChannel | null;
  readonly target: string;
};

/**
 * Who is told over which channels: the team once over each of its channels, and each person over theirs. A person whom nothing
 * reaches has one without a channel, so that it can be seen.
 */
export function planDeliveries(
  channels: readonly PlannedChannel[],
  people: readonly PlannedPerson[],
): PlannedDelivery[] {
  const ofTeam = channels.filter(({ audience }) => audience === 'team').map((channel) => toTeam(channel));
  const ofPeople = people.flatMap((person) => {
    const reaching = channels.filter((channel) => channel.audience === 'each' && reaches(channel, person));
    if (reaching.length > 0) return reaching.map((channel) => toPerson(person, channel));
    return ofTeam.length > 0 ? [] : [toPerson(person, null)];
  });
  return [...ofTeam, ...ofPeople];
}

/** Whether a channel that tells each person tells this one. */
export function reaches({ id, kind }: PlannedChannel, person: PlannedPerson): boolean {
  if (person.offChannels.has(id)) return false;
  if (kind === 'web_push') return person.hasBrowser;
  return kind !== 'form' || person.ownAddresses.has(id);
}

function toTeam(channel: PlannedChannel): PlannedDelivery {
  return { recipientId: null, channel, target: `team:${channel.id}` };
}

function toPerson({ id }: PlannedPerson, channel: PlannedChannel | null): PlannedDelivery {
  return { recipientId: id, channel, target: `${id}:${channel?.id ?? 'none'}` };
}
