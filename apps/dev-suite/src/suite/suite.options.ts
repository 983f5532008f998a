import type { SuitePorts } from './ports.js';

/** How to run a suite. */
export interface SuiteOptions {
  readonly stateFolder: string;
  /** Address on which everything listens. */
  readonly host: string;
  /** Name or address under which devices reach this machine. */
  readonly deviceHost: string;
  readonly ports: SuitePorts;
  /** Databases of the services; SQLite in the state folder unless given. `{service}` stands for the service. */
  readonly databaseUrl?: string;
  readonly logLevel: string;
  /** Settings that replace those that the suite makes, by service. */
  readonly overrides?: Readonly<Partial<Record<SuiteServiceName, Readonly<Record<string, string>>>>>;
}

export type SuiteServiceName =
  'nats-server' | 'apple-sim' | 'mdm' | 'mdm-policy' | 'config-proxy' | 'dmz-proxy';
