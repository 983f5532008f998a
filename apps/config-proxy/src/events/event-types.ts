import { commonErrors, configProxyInterface, type EventContract } from '@espalier/contracts';

const typeOf = ({ aggregate, event }: EventContract): string => `${aggregate}.${event}`;

const contracts: ReadonlyMap<string, EventContract> = new Map(
  configProxyInterface.tails.map((contract) => [typeOf(contract), contract]),
);

/** Every type of event that a listener can ask for. */
export const eventTypes: readonly string[] = [...contracts.keys()].sort();

/**
 * The events that a listener asks for: `command.completed,enrollment.*`; all where it names none.
 * @throws EspalierError ESP_BAD_REQUEST naming a type that does not exist
 */
export function selectEvents(types: string | undefined): readonly EventContract[] {
  const wanted = (types ?? '')
    .split(',')
    .map((type) => type.trim())
    .filter((type) => type !== '');
  if (wanted.length === 0) return [...contracts.values()];
  const names = wanted.flatMap((type) => {
    const found = type.endsWith('.*')
      ? eventTypes.filter((known) => known.startsWith(type.slice(0, -1)))
      : eventTypes.filter((known) => known === type);
    if (found.length > 0) return found;
    throw commonErrors.ESP_BAD_REQUEST({
      detail: `There are no events of the type ${type.slice(0, 100)}.`,
      fields: { types: `must be of ${eventTypes.join(', ')}` },
    });
  });
  return [...new Set(names)].flatMap((name) => contracts.get(name) ?? []);
}
