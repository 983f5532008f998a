import { afterPrefix, odataLimits, ODataError, parseRequestPath } from './index.js';

function refusal(path: string): ODataError {
  try {
    parseRequestPath(path);
  } catch (error) {
    if (error instanceof ODataError) return error;
    throw error;
  }
  throw new Error(`${path} was taken`);
}

describe('paths of requests', () => {
  it('begin with a prefix of AdminService, in any case', () => {
    const paths = [
      '/AdminService/wmi',
      '//adminSERVICE/wmi',
      '/AdminService',
      '/AdminService_TokenAuth/wmi',
      '/CCM_Proxy_MutualAuth/720/AdminService/wmi',
      '/AdminServices/wmi',
      '/api/AdminService/wmi',
      '/',
    ];
    expect(paths.map(afterPrefix)).toEqual([
      '/wmi',
      '/wmi',
      '',
      '/wmi',
      '/wmi',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('are decoded once, after they were split', () => {
    expect(parseRequestPath("/wmi/SMS_R_User('50%2525%2F')")).toMatchObject({
      key: { value: { kind: 'text', value: '50%25/' } },
    });
    expect(parseRequestPath('/wmi/SMS_R_User/a%2Fb%27/AdminService.X')).toMatchObject({
      kind: 'method',
      key: { value: { kind: 'segment', value: "a/b'" } },
      method: 'X',
    });
    expect(parseRequestPath("/WMI//SMS_R_User('a//b')//")).toMatchObject({
      route: 'wmi',
      kind: 'entity',
      key: { value: { value: 'a//b' } },
    });
  });

  it('are refused where they cannot be read, with what is wrong', () => {
    const table: [path: string, status: number, message: string][] = [
      ['/v2/Device', 404, 'There is no "v2" here: paths begin with wmi/ or v1.0/.'],
      ['/wmi/$batch', 501, '"$batch" is not possible here.'],
      ['/wmi/SMS-Site', 404, '"SMS-Site" is no name of a class.'],
      ["/wmi/SMS_Site('A'", 400, '"SMS_Site(\'A\'" has no closing parenthesis at its end.'],
      ["/wmi/SMS_Site('A)", 400, 'A key is written'],
      ['/wmi/SMS_Site(A)', 400, "Put texts in quotes: ('A')."],
      ["/wmi/SMS_Site('A',)", 400, 'A key is written'],
      ["/wmi/SMS_Site('A','B')", 400, 'Several values need names: (Name=1,Other=2).'],
      ["/wmi/SMS_Site(A='1',a='2')", 400, 'a comes twice.'],
      ['/wmi/SMS_Site(99999999999999999)', 400, '99999999999999999 is too large a number.'],
      ['/wmi/SMS_Site(@p1)', 501, 'Write the value itself in place of a parameter alias.'],
      ['/wmi/SMS_Site(%ZZ)', 400, '"SMS_Site(%ZZ)" is not percent-encoded UTF-8'],
      ['/wmi/SMS_Site(%FF)', 400, '"SMS_Site(%FF)" is not percent-encoded UTF-8'],
      ["/wmi/SMS_Site('%00')", 400, 'The text holds a character that no name can hold.'],
      ["/wmi/SMS_Site('A')/a b", 404, '"a b" is no name of a property'],
      ["/wmi/SMS_Site('A')/$value", 501, '"$value" is not possible here.'],
      ["/wmi/SMS_Site('A')/B/C", 501, 'Paths go no deeper'],
      ["/wmi/SMS_Site('A')/AdminService.X/$count", 501, 'Paths go no deeper'],
      ['/wmi/SMS_Site.X/Y', 501, 'Paths go no deeper'],
      [`/${'a/'.repeat(20)}`, 501, 'Paths go no deeper'],
      [`/${'a'.repeat(odataLimits.path)}`, 400, 'A path has at most'],
      [`/v1.0/D(1)/AdminService.F(${'a=1,'.repeat(30)}b=1)`, 400, 'At most 20 values are possible.'],
    ];
    const actual = table.map(([path, , message]) => {
      const error = refusal(path);
      return [path, error.status, error.message.slice(0, message.length)];
    });
    expect(actual).toEqual(table);
  });
});
