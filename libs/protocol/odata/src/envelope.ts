import type { EntityModel, ServiceModel } from './entity.model.js';
import type { Selection } from './selection.parser.js';

/** Where a half of AdminService stands. */
export interface ServiceContext {
  /** Without a slash at its end: `https://site.example/AdminService/wmi`. */
  readonly baseUrl: string;
  /** Host name, for `__SERVER`. */
  readonly server: string;
  /** Three characters. */
  readonly siteCode: string;
}

/** A body, or an object in one. */
export type ODataObject = Readonly<Record<string, unknown>>;

/** What a list carries beside its rows. */
export interface ListOptions {
  /** How many rows there are on all pages, where `$count=true` asked for it. */
  readonly count?: number | undefined;
  /** Where the next page is; undefined after the last. */
  readonly nextLink?: string | undefined;
  readonly select?: Selection | undefined;
}

const metadata = ({ baseUrl }: ServiceContext): string => `${baseUrl}/$metadata`;

function setContext(
  context: ServiceContext,
  { name }: Pick<EntityModel, 'name'>,
  select: Selection | undefined,
): string {
  const names =
    select === undefined ? [] : [...select.properties, ...select.navigations].map((item) => item.name);
  return `${metadata(context)}#${name}${select === undefined ? '' : `(${names.join(',')})`}`;
}

/** What stands around the rows of a list where it is written in parts: JSON, commas between the rows apart. */
export interface ListFrame {
  readonly head: string;
  /** @param more where the next page is; undefined after the last */
  readonly tail: (more?: string) => string;
}

/** A list, and in AdminService also one entity that was got by its key: scripts read `value[0]`. */
export const listEnvelope = (
  context: ServiceContext,
  entity: Pick<EntityModel, 'name'>,
  value: readonly ODataObject[],
  { count, nextLink, select }: ListOptions = {},
): ODataObject => ({
  '@odata.context': setContext(context, entity, select),
  ...(count !== undefined && { '@odata.count': count }),
  value,
  ...(nextLink !== undefined && { '@odata.nextLink': nextLink }),
});

/** As `listEnvelope`, for rows that are written one after the other. */
export function listFrame(
  context: ServiceContext,
  entity: Pick<EntityModel, 'name'>,
  options: Omit<ListOptions, 'nextLink'> = {},
): ListFrame {
  const empty = JSON.stringify(listEnvelope(context, entity, [], options));
  return {
    // Without the end of `"value":[]}`.
    head: empty.slice(0, -2),
    tail: (more) => `]${more === undefined ? '' : `,"@odata.nextLink":${JSON.stringify(more)}`}}`,
  };
}

/** One entity without an array around it: what was created. */
export const entityEnvelope = (
  context: ServiceContext,
  entity: Pick<EntityModel, 'name'>,
  value: ODataObject,
): ODataObject => ({ '@odata.context': `${setContext(context, entity, undefined)}/$entity`, ...value });

/** What a method of `wmi` answers: `ReturnValue` 0 and its out parameters. */
export const methodResult = (context: ServiceContext, outs: ODataObject = {}): ODataObject => ({
  '@odata.context': `${metadata(context)}#__PARAMETERS`,
  ReturnValue: 0,
  ...outs,
});

/** What a method of `v1.0` answers. */
export const valueEnvelope = (value: unknown): ODataObject => ({ value });

/** Scripts read `.error.code` and `.error.message`. */
export const errorBody = (code: string, message: string): ODataObject => ({ error: { code, message } });

/** What entity sets there are, by name. */
export const serviceDocument = ({ entities }: ServiceModel, context: ServiceContext): ODataObject => ({
  '@odata.context': metadata(context),
  value: entities
    .map(({ name }) => ({ name, kind: 'EntitySet', url: name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
});
