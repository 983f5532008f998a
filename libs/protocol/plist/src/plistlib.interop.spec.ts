import { execFileSync, spawnSync } from 'node:child_process';
import { parsePlist } from './plist.reader.js';
import { buildPlist } from './plist.writer.js';
import { real } from './plist-value.js';

const hasPython = spawnSync('python3', ['-c', 'import plistlib']).status === 0;

const everything = {
  text: 'Zoë & <b> "q" \' 😀\r\n\ttab',
  empty: '',
  'key & <more>': 'x',
  integer: -42,
  big: 2n ** 63n,
  real: 0.1,
  integralReal: real(3),
  yes: true,
  no: false,
  date: new Date('2024-02-29T12:34:56Z'),
  data: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  array: [1, ['two', {}], []],
  dict: { nested: { deeper: [Buffer.alloc(0)] } },
};

/** Python's own view of the list, in a form that keeps the types apart. */
const describeInPython = `
import plistlib, sys, json, datetime
def d(v):
    if isinstance(v, dict): return ['dict', [[k, d(x)] for k, x in v.items()]]
    if isinstance(v, list): return ['array', [d(x) for x in v]]
    if isinstance(v, bytes): return ['data', v.hex()]
    if isinstance(v, datetime.datetime): return ['date', v.isoformat()]
    if isinstance(v, bool): return ['boolean', v]
    if isinstance(v, int): return ['integer', str(v)]
    if isinstance(v, float): return ['real', v]
    return ['string', v]
value = plistlib.loads(sys.stdin.buffer.read())
sys.stdout.buffer.write(json.dumps(d(value)).encode() + b'\\n' + plistlib.dumps(value, sort_keys=False))
`;

(hasPython ? describe : describe.skip)('plistlib of Python', () => {
  it('reads what buildPlist writes with the same types and order, and its own output is read back the same', () => {
    const output = execFileSync('python3', ['-c', describeInPython], { input: buildPlist(everything) });
    const line = output.indexOf('\n');
    expect(JSON.parse(output.subarray(0, line).toString())).toEqual([
      'dict',
      [
        ['text', ['string', everything.text]],
        ['empty', ['string', '']],
        ['key & <more>', ['string', 'x']],
        ['integer', ['integer', '-42']],
        ['big', ['integer', '9223372036854775808']],
        ['real', ['real', 0.1]],
        ['integralReal', ['real', 3]],
        ['yes', ['boolean', true]],
        ['no', ['boolean', false]],
        ['date', ['date', '2024-02-29T12:34:56']],
        ['data', ['data', everything.data.toString('hex')]],
        [
          'array',
          [
            'array',
            [
              ['integer', '1'],
              [
                'array',
                [
                  ['string', 'two'],
                  ['dict', []],
                ],
              ],
              ['array', []],
            ],
          ],
        ],
        ['dict', ['dict', [['nested', ['dict', [['deeper', ['array', [['data', '']]]]]]]]]],
      ],
    ]);
    const fromPython = parsePlist(output.subarray(line + 1));
    // plistlib writes a carriage return raw, and every XML reader takes "\r\n" for "\n".
    expect(fromPython).toEqual({
      ...everything,
      text: everything.text.replace('\r\n', '\n'),
      integralReal: 3,
    });
  });
});
