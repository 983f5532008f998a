import type { ApiScope, Approval } from '@espalier/contracts';
import type { ServiceContext } from '@espalier/odata';
import type { Caller } from '../access/caller.js';
import type { ClassRow, ClassScope } from './class.model.js';

/** Who sent a request, and what they may do. */
export interface Visitor {
  readonly caller: Caller;
  /** How the request was sent: the same key again, by the same caller, does nothing twice. */
  readonly asked: { readonly key: string; readonly reason: string | undefined };
  /** @throws EspalierError ESP_AUTH_SCOPE_MISSING */
  need(scope: ClassScope): void;
}

/** A request as the door gets it. */
export interface DoorRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, as sent. */
  readonly url: string;
  /** Host and port that the caller reached us by. */
  readonly host: string;
  readonly body: unknown;
  readonly visitor: Visitor;
}

/** JSON as it is sent, in parts where it is long. */
export type JsonBody = Buffer | AsyncIterable<Buffer | string>;

/** What is answered: JSON, written or not, or text of another type; no body with status 204. */
export interface DoorAnswer {
  readonly status: number;
  /** Of what was made. */
  readonly location?: string;
  readonly json?: object;
  readonly body?: JsonBody;
  readonly text?: { readonly type: string; readonly content: string };
}

/** A call of a method, after its object was found. */
export interface MethodCall {
  /** The object; missing for methods of a class. */
  readonly row?: ClassRow;
  readonly args: Readonly<Record<string, unknown>>;
  readonly visitor: Visitor;
  readonly context: ServiceContext;
}

/** What happens when a method is called. */
export interface MethodHandler {
  readonly scope: ApiScope;
  run(call: MethodCall): Promise<DoorAnswer>;
}

/** The approval that a change waits for, where it does. */
export type Waiting = Approval | undefined | void;

/** What can be written of a class besides by methods. */
export interface WriteHandler {
  readonly scope: ApiScope;
  /** Makes an object; gives the values of its key properties. */
  create?(
    body: Readonly<Record<string, unknown>>,
    visitor: Visitor,
  ): Promise<Record<string, string | number>>;
  /** PUT: names of properties that cannot be written are ignored. PATCH: they are refused. */
  change?(
    row: ClassRow,
    body: Readonly<Record<string, unknown>>,
    options: { readonly visitor: Visitor; readonly isWhole: boolean },
  ): Promise<Waiting>;
  remove?(row: ClassRow, visitor: Visitor): Promise<Waiting>;
}

/** Fills the lazy properties of one object. */
export type LazyReader = (row: ClassRow, visitor: Visitor) => Promise<void>;

/** All that is behind the classes, by their names (`SMS_Collection`) and those of methods (`Device.RunScript`). */
export interface DoorHandlers {
  readonly methods: Readonly<Record<string, MethodHandler>>;
  readonly writes: Readonly<Record<string, WriteHandler>>;
  readonly lazy: Readonly<Record<string, LazyReader>>;
}
