import { LinkError } from '../link-error.js';
import { isWithinPrefix, RouteTable } from './route-table.js';

const table = new RouteTable([
  { id: 'root', prefix: '/', methods: ['GET'] },
  { id: 'mdm', prefix: '/mdm/', methods: ['PUT'] },
  { id: 'checkin', prefix: '/mdm/checkin', methods: ['PUT'] },
  { id: 'files', prefix: '/mdm/files/', methods: ['GET', 'HEAD'] },
  { id: 'upload', prefix: '/mdm/files/', methods: ['PUT'] },
]);

describe('a table of routes', () => {
  it.each([
    ['GET', '/', 'root'],
    ['GET', '/anything/at/all', 'root'],
    ['PUT', '/mdm/x', 'mdm'],
    ['PUT', '/mdm/', 'mdm'],
    ['PUT', '/mdm/checkin', 'checkin'],
    ['PUT', '/mdm/checkin/x', 'mdm'],
    ['HEAD', '/mdm/files/a/b/c', 'files'],
    ['PUT', '/mdm/files/a', 'upload'],
  ])('finds the longest prefix: %s %s is %s', (method, path, id) => {
    expect(table.match(method, path)).toMatchObject({ kind: 'route', route: { id } });
  });

  it('names the methods of a path that is known', () => {
    expect(table.match('DELETE', '/mdm/files/a')).toEqual({
      kind: 'methods',
      methods: ['GET', 'HEAD', 'PUT'],
    });
    expect(table.match('GET', '/mdm/checkin')).toEqual({ kind: 'methods', methods: ['PUT'] });
  });

  it('finds nothing where nothing is', () => {
    const small = new RouteTable([{ prefix: '/mdm/', methods: ['GET'] }]);
    for (const path of ['/', '/mdm', '/mdmx/', '/other/mdm/'])
      expect(small.match('GET', path)).toEqual({ kind: 'none' });
  });

  it('refuses two routes for the same', () => {
    const route = { prefix: '/x', methods: ['GET'] };
    expect(() => new RouteTable([route, route])).toThrow(LinkError);
  });

  it.each([
    ['/mdm/x', '/mdm/', true],
    ['/mdm/', '/mdm/', true],
    ['/mdm', '/mdm/', false],
    ['/mdmx', '/mdm', false],
    ['/mdm', '/mdm', true],
    ['/', '/mdm/', false],
  ])('%s within %s: %s', (prefix, permitted, within) => {
    expect(isWithinPrefix(prefix, permitted)).toBe(within);
  });
});
