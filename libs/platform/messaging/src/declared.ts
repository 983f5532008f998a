import {
  messagingErrors,
  type EventContract,
  type EventSubscription,
  type JobContract,
  type RpcContract,
  type ServiceInterface,
} from '@espalier/contracts';

const undeclared = (declared: ServiceInterface, what: string): never => {
  throw messagingErrors.ESP_MESSAGING_UNDECLARED({
    detail: `${declared.service} does not declare that it ${what}.`,
  });
};

const has = (list: readonly { readonly subject: string }[], subject: string): boolean =>
  list.some((contract) => contract.subject === subject);

/** Holds a service to its declared interface, so that a missing declaration shows in the first test that runs. */
export class DeclaredGuard {
  constructor(private readonly declared: ServiceInterface) {}

  serves({ subject }: RpcContract): void {
    if (!has(this.declared.serves, subject)) undeclared(this.declared, `serves ${subject}`);
  }

  calls({ subject }: RpcContract): void {
    if (!has(this.declared.calls, subject)) undeclared(this.declared, `calls ${subject}`);
  }

  publishes(subject: string): void {
    if (!has(this.declared.publishes, subject)) undeclared(this.declared, `publishes ${subject}`);
  }

  enqueues({ subject }: JobContract): void {
    if (!has(this.declared.enqueues, subject)) undeclared(this.declared, `enqueues ${subject}`);
  }

  works({ subject }: JobContract): void {
    if (!has(this.declared.works, subject)) undeclared(this.declared, `works on ${subject}`);
  }

  tails(contracts: readonly EventContract[]): void {
    for (const { subject } of contracts)
      if (!has(this.declared.tails, subject)) undeclared(this.declared, `tails ${subject}`);
  }

  /** The handler must know all declared events: one that it does not would be acknowledged unseen. */
  consumes(durable: string, contracts: readonly EventContract[]): EventSubscription {
    const subscription = this.declared.consumes.find((candidate) => candidate.durable === durable);
    if (subscription === undefined) return undeclared(this.declared, `consumes as "${durable}"`);
    for (const { subject } of contracts)
      if (!has(subscription.events, subject))
        undeclared(this.declared, `consumes ${subject} as "${durable}"`);
    for (const { subject } of subscription.events)
      if (!has(contracts, subject))
        throw messagingErrors.ESP_MESSAGING_UNDECLARED({
          detail: `"${durable}" has no handler for ${subject}.`,
        });
    return subscription;
  }
}
