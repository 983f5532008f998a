import { nextLink, odataLimits, ODataError, parseQueryOptions } from './index.js';

describe('options of requests', () => {
  it('are read with or without "?", in any case, encoded or not', () => {
    expect(parseQueryOptions('')).toEqual({ count: false });
    expect(parseQueryOptions('?%24Filter=a%2Bb+c&&$TOP=05&x=1&filter=no')).toEqual({
      count: false,
      filter: 'a+b c',
      top: 5,
    });
    expect(parseQueryOptions('$format=application%2Fxml&$count=TRUE')).toEqual({
      count: true,
      format: 'xml',
    });
  });

  it('are refused where they cannot be read, with what is wrong', () => {
    const table: [query: string, status: number, message: string][] = [
      ['$top=-1', 400, '$top is a whole number from 0 to 999999999.'],
      ['$skip=1e3', 400, '$skip is a whole number from 0 to 999999999.'],
      ['$count=1', 400, '$count is true or false.'],
      ['$format=atom', 400, '$format is json; for $metadata also xml.'],
      ['$filter=', 400, '$filter is empty: leave it out.'],
      ['$filter=++', 400, '$filter is empty: leave it out.'],
      ['$filter', 400, '$filter is empty: leave it out.'],
      ['$top=1&%24top=1', 400, '$top comes twice.'],
      ['$fliter=x', 400, 'There is no option "$fliter". Did you mean "$filter"?'],
      ['$constructor=x', 400, 'There is no option "$constructor".'],
      ['$search=x', 501, '$search is not possible here.'],
      ['$inlinecount=allpages', 400, 'Write $count=true in place of $inlinecount.'],
      [
        '=Name eq 1',
        400,
        'An option has no name. PowerShell keeps $filter in single quotes, or as `$filter.',
      ],
      ["$filter=contains(Name,'100%')", 400, 'The query is not percent-encoded UTF-8'],
      [`$filter=${'a'.repeat(odataLimits.option + 1)}`, 400, '$filter has at most 8000 characters.'],
      ['a&'.repeat(101), 400, 'A query has at most 100 options.'],
      ['a'.repeat(odataLimits.query + 1), 400, 'A query has at most 32000 characters.'],
    ];
    const actual = table.map(([query, , message]) => {
      try {
        parseQueryOptions(query);
      } catch (error) {
        if (error instanceof ODataError) return [query, error.status, error.message.slice(0, message.length)];
        throw error;
      }
      return [query];
    });
    expect(actual).toEqual(table);
  });

  it('are kept as they are in the link to the next page, but for where it begins', () => {
    const url = 'https://h/AdminService/wmi/SMS_R_System';
    const query = '?%24filter=Name+eq+%27a%26b%27&$SKIP=5&$top=2500&%24skiptoken=old&x=1';
    const next = nextLink(url, query, { skipToken: 'a=b&', top: 1500 });
    expect(next).toBe(`${url}?%24filter=Name+eq+%27a%26b%27&x=1&$top=1500&$skiptoken=a%3Db%26`);
    expect(parseQueryOptions(next.slice(url.length))).toEqual({
      count: false,
      filter: "Name eq 'a&b'",
      top: 1500,
      skipToken: 'a=b&',
    });
    expect(nextLink(url, '$top=5', { skipToken: 'x' })).toBe(`${url}?$top=5&$skiptoken=x`);
  });
});
