import type { EventContract, ServiceInterface } from '@espalier/contracts';

/**
 * The one filter subject that covers the contracts: nats-server 2.9 takes no more than one for a consumer.
 * What it covers beyond them is skipped by the client.
 */
export function eventFilter(contracts: readonly EventContract[]): string {
  const [first] = contracts;
  if (first === undefined) throw new Error('no events are named');
  if (contracts.every((contract) => contract.subject === first.subject)) return first.subject;
  if (contracts.every((contract) => contract.aggregate === first.aggregate))
    return `esp.v1.evt.${first.aggregate}.*`;
  return 'esp.v1.evt.*.*';
}

/** Name of a durable consumer on the server. */
export const durableName = (declared: Pick<ServiceInterface, 'service'>, durable: string): string =>
  `${declared.service}_${durable}`;
