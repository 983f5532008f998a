import fc from 'fast-check';
import { LinkError } from '../link-error.js';
import { checkTarget, MAX_TARGET_LENGTH } from './target.js';

describe('request targets', () => {
  it.each([
    ['/', '/', ''],
    ['/mdm/checkin', '/mdm/checkin', ''],
    ['/mdm/', '/mdm/', ''],
    ['/scep?operation=PKIOperation&message=MII%2Fa%3D', '/scep', 'operation=PKIOperation&message=MII%2Fa%3D'],
    ['/a%20b', '/a%20b', ''],
    ['/a..b/.c/d.', '/a..b/.c/d.', ''],
    [
      '/wmi/SMS_R_System(16777220)?$filter=Name eq'.replace(' ', '%20'),
      '/wmi/SMS_R_System(16777220)',
      '$filter=Name%20eq',
    ],
    ['/x?a?b', '/x', 'a?b'],
    ['/x?', '/x', ''],
  ])('%s passes, raw', (target, path, query) => {
    expect(checkTarget(target)).toEqual({ path, query });
  });

  it.each([
    '',
    '*',
    'mdm',
    'https://edge/mdm',
    '//mdm',
    '/mdm//x',
    '/mdm/.',
    '/mdm/..',
    '/mdm/./x',
    '/mdm/../x',
    '/..',
    '/mdm/%2e/x',
    '/mdm/%2E%2e/x',
    '/mdm%2fx',
    '/mdm%2Fx',
    '/mdm%5cx',
    '/mdm%00',
    '/mdm%0d%0aX',
    '/mdm%7f',
    '/mdm%252e',
    '/mdm%',
    '/mdm%2',
    '/mdm%zz',
    '/mdm;x=1',
    '/mdm\\x',
    '/mdm#x',
    '/mdm?x#y',
    '/mdm?a b',
    '/mdm?a"b',
    '/mdm x',
    '/m\u00e9',
    '/mdm\u0000',
    `/${'x'.repeat(MAX_TARGET_LENGTH)}`,
  ])('%j does not', (target) => {
    expect(() => checkTarget(target)).toThrow(LinkError);
  });

  it('whatever passes means the same to the URL parser, and nothing but LinkError is thrown', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '%',
      ';',
      '?',
      '#',
      '\\',
      'a',
      'B',
      '%41',
      '@',
      ':',
      '//',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
        (target) => {
          try {
            const { path, query } = checkTarget(target);
            const url = new URL(`https://edge${target}`);
            expect(url.host).toBe('edge');
            expect(url.pathname).toBe(path);
            expect(url.search.replace(/^\?/, '')).toBe(query);
          } catch (error) {
            expect(error).toBeInstanceOf(LinkError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
