import { formatFilter } from './filter.printer.fixture.js';
import {
  afterPrefix,
  parseFilter,
  parseQueryOptions,
  parseRequestPath,
  type PathKey,
  type PathValue,
  type RequestTarget,
} from './index.js';
import { requestShapes, type RequestShape } from './request-shapes.fixture.js';

const showValue = ({ kind, value }: PathValue): string =>
  kind === 'text' ? `'${value}'` : `${kind === 'segment' ? '~' : ''}${value}`;
const showNamed = (values: ReadonlyMap<string, PathValue>): string =>
  [...values].map(([name, value]) => `${name}=${showValue(value)}`).join(', ');
const showKey = (key: PathKey): string =>
  `[${key.kind === 'single' ? showValue(key.value) : showNamed(key.values)}]`;

function showTarget(target: RequestTarget): string {
  const route = target.route ?? 'all';
  switch (target.kind) {
    case 'service':
      return route;
    case 'metadata':
      return `${route} $metadata`;
    case 'entity-set':
      return `${route} ${target.entity}${target.isCount ? ' count' : ''}`;
    case 'entity':
      return `${route} ${target.entity} ${showKey(target.key)}`;
    case 'member':
      return `${route} ${target.entity} ${showKey(target.key)} .${target.member}${target.isCount ? ' count' : ''}`;
    case 'method':
      return `${route} ${target.entity} ${showKey(target.key)} ${target.method}(${showNamed(target.arguments)})`;
    case 'static-method':
      return `${route} ${target.entity}::${target.method}(${showNamed(target.arguments)})`;
  }
}

function understood({ from, request }: RequestShape): RequestShape {
  const [path = '', query = ''] = request.slice(request.indexOf(' ') + 1).split('?');
  const { filter, count, ...options } = parseQueryOptions(query);
  const others = Object.entries({ ...options, ...(count && { count }) });
  return {
    from,
    request,
    target: showTarget(parseRequestPath(afterPrefix(path) ?? '/nowhere')),
    filter: filter === undefined ? '' : formatFilter(parseFilter(filter)),
    options: others.map(([name, value]) => `${name}=${value}`).join('; '),
  };
}

describe('requests as public scripts, modules and tools send them', () => {
  it('are understood, each of them', () => {
    expect(requestShapes.length).toBeGreaterThanOrEqual(80);
    expect(requestShapes.map(understood)).toEqual(requestShapes);
  });
});
