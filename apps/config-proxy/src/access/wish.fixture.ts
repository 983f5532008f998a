import type { RoleId } from '@espalier/contracts';
import type { ReachHarness, Side, SpecAdministrator } from '../reach.fixture.js';
import { roles } from '../roles/role.catalogue.js';

/** A request as a thief sends it. */
export interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** What a thief aims at. */
export interface Aim {
  readonly site: ReachHarness;
  readonly side: Side;
  /** Whose token it is. */
  readonly owner: SpecAdministrator;
  /** A device of the same collection besides that of `side`. */
  readonly second: string;
  /** A Full Administrator who is not concerned. */
  readonly other: SpecAdministrator;
  /** Of Active Directory. */
  readonly user: number;
  readonly many: Many;
}

/** What is for many: devices of the collection that limits somebody. */
export interface Many {
  /** 500 of them. */
  readonly devices: readonly number[];
  /** Which has them all. */
  readonly collection: string;
  /** A configuration item that is deployed to it. */
  readonly item: string;
  /** An application, which needs no content to be installed here. */
  readonly application: string;
  /** A script that somebody else wrote and a second person approved. */
  readonly script: string;
}

/**
 * `yes`: it is done. A number: for so many devices within an hour. `asks`: it waits for a second person. The last: it is
 * done for so many devices within an hour, and waits from then on, however few they are.
 */
export type Outcome = 'yes' | 'no' | 'asks' | number | `${number}, then asks`;

/** Something that a thief wants, and what comes of it. */
export interface Wish {
  readonly says: string;
  readonly aim: (aim: Aim) => Attempt | Promise<Attempt>;
  /** Roles for which it comes true. */
  readonly may: readonly RoleId[];
  /** How, for these roles. Default: yes. */
  readonly comes?: Outcome;
  /** Devices of one request. Default: 1. */
  readonly devices?: number;
  /** What others are told who are told something else than that their role does not allow it. */
  readonly codes?: Partial<Record<RoleId, string>>;
  /** For a Full Administrator limited to a collection, there: the same as above, or the code of the refusal. */
  readonly limited?: string;
  /** What the same one is told of things elsewhere, where the wish names one. */
  readonly elsewhere?: string;
}

export const [
  FULL,
  OPERATIONS,
  INFRASTRUCTURE,
  SECURITY,
  COMPLIANCE,
  APPLICATION,
  REMOTE,
  HELPDESK,
  ANALYST,
] = roles.map(({ id }) => id) as [RoleId, RoleId, RoleId, RoleId, RoleId, RoleId, RoleId, RoleId, RoleId];
export const everybody = roles.map(({ id }) => id);
export const allBut = (...without: readonly RoleId[]) => everybody.filter((id) => !without.includes(id));

export const SCOPE_MISSING = 'ESP_AUTH_SCOPE_MISSING';
export const NOT_FOR_LIMITED = 'ESP_AUTH_NOT_FOR_LIMITED';
export const NO_ENROLLMENT = 'ESP_MDM_ENROLLMENT_UNKNOWN';
export const NO_COLLECTION = 'ESP_COLLECTION_UNKNOWN';
export const NO_DEVICE = 'ESP_RESOURCE_UNKNOWN';

export const get = (path: string) => (): Attempt => ({ method: 'GET', path });
export const post = (path: string, body?: unknown): Attempt => ({ method: 'POST', path, body });

/** With every request that could need an approval. */
export const reason = { 'approval-reason': 'Whatever a thief would say.' };

/** What comes of a wish for a role over the whole site. */
export const outcomeFor = ({ may, comes = 'yes' }: Wish, role: RoleId): Outcome =>
  may.includes(role) ? comes : 'no';

/** What comes of it for a Full Administrator limited to a collection. */
export const limitedOutcome = (wish: Wish): Outcome =>
  wish.limited === undefined ? outcomeFor(wish, 'full-administrator') : 'no';

/** The code that refuses a role. */
export const codeFor = ({ codes = {} }: Wish, role: RoleId): string => codes[role] ?? SCOPE_MISSING;
