import type { ServiceRoute } from './entity.model.js';

/** A key or an argument as a path spells it, before it is known which type it should have. */
export type PathValue =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'flag'; readonly value: boolean }
  /** A segment of its own, `SMS_Collection/SMS00001`: the key's type says what it is. */
  | { readonly kind: 'segment'; readonly value: string };

/** One value without a name, or each key property by its name, as written. */
export type PathKey =
  | { readonly kind: 'single'; readonly value: PathValue }
  | { readonly kind: 'composite'; readonly values: ReadonlyMap<string, PathValue> };

/** Arguments of a function by name, as written. */
export type PathArguments = ReadonlyMap<string, PathValue>;

/**
 * What a request is about. Names are as written: the model says which there are, in any case. Without a route it is
 * about the service as a whole.
 */
export type RequestTarget =
  | { readonly kind: 'service'; readonly route?: ServiceRoute }
  | { readonly kind: 'metadata'; readonly route?: ServiceRoute }
  | {
      readonly kind: 'entity-set';
      readonly route: ServiceRoute;
      readonly entity: string;
      readonly isCount: boolean;
    }
  | { readonly kind: 'entity'; readonly route: ServiceRoute; readonly entity: string; readonly key: PathKey }
  /** A navigation or a property of one entity. */
  | {
      readonly kind: 'member';
      readonly route: ServiceRoute;
      readonly entity: string;
      readonly key: PathKey;
      readonly member: string;
      readonly isCount: boolean;
    }
  /** A method of one entity. */
  | {
      readonly kind: 'method';
      readonly route: ServiceRoute;
      readonly entity: string;
      readonly key: PathKey;
      readonly method: string;
      readonly arguments: PathArguments;
    }
  /** A method of the class. */
  | {
      readonly kind: 'static-method';
      readonly route: ServiceRoute;
      readonly entity: string;
      readonly method: string;
      readonly arguments: PathArguments;
    };
