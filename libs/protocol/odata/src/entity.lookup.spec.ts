import { bindArguments, bindKey, findEntity, findMethod, ODataError, parseRequestPath } from './index.js';
import { fixtureEntity, smallService, wmiService } from './service.fixture.js';

function keyOf(path: string): unknown {
  const target = parseRequestPath(path);
  if (target.kind !== 'entity') throw new TypeError(`${path} is no entity`);
  return bindKey(target.key, findEntity(wmiService, target.entity));
}

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ODataError) return `${error.status} ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('names of requests', () => {
  it('are those of the model, in any case', () => {
    expect(findEntity(wmiService, 'sms_collection').name).toBe('SMS_Collection');
    const collection = fixtureEntity('SMS_Collection');
    expect(findMethod(collection, 'addmembershiprule', false).name).toBe('AddMembershipRule');
    expect(findMethod(fixtureEntity('SMS_Scripts'), 'CreateScripts', true).name).toBe('CreateScripts');
  });

  it('may be other spellings of a method that the model knows', () => {
    expect(findMethod(fixtureEntity('SMS_Collection'), 'AddMembershipRules', false).name).toBe(
      'AddMembershipRule',
    );
  });

  it('are refused where there is none, with what there is', () => {
    expect(refusalOf(() => findEntity(wmiService, 'SMS_Colection'))).toBe(
      '404 There is no class "SMS_Colection". Did you mean "SMS_Collection"?',
    );
    expect(refusalOf(() => findEntity(wmiService, '__proto__'))).toContain('404 There is no class');
    const scripts = fixtureEntity('SMS_Scripts');
    expect(refusalOf(() => findMethod(scripts, 'CreateScripts', false))).toBe(
      '404 There is no method of SMS_Scripts "CreateScripts". There is: UpdateApprovalState.',
    );
    expect(refusalOf(() => findMethod(fixtureEntity('SMS_Admin'), 'X', false))).toBe(
      '404 There is no method of SMS_Admin "X".',
    );
  });
});

describe('keys', () => {
  it('have the types and names of the model, however they are written', () => {
    const written = [
      "/wmi/SMS_Collection('SMS00001')",
      '/wmi/SMS_Collection/SMS00001',
      '/wmi/SMS_R_System(16777219)',
      "/wmi/SMS_R_System('16777219')",
      '/wmi/SMS_R_System/16777219',
      "/wmi/SMS_Collection(collectionid='SMS00001')",
      "/wmi/SMS_FullCollectionMembership(resourceid=5,collectionID='SMS00001')",
    ];
    const [text, number] = [{ CollectionID: 'SMS00001' }, { ResourceId: 16_777_219 }];
    expect(written.map(keyOf)).toEqual([
      text,
      text,
      number,
      number,
      number,
      text,
      { CollectionID: 'SMS00001', ResourceID: 5 },
    ]);
  });

  it('are refused where they are not those of the model', () => {
    expect(refusalOf(() => keyOf('/wmi/SMS_Collection(5)'))).toBe(
      '400 CollectionID is a text: put it in quotes.',
    );
    expect(refusalOf(() => keyOf('/wmi/SMS_R_System/MAC-01'))).toBe(
      '400 ResourceId is a whole number, such as 5.',
    );
    const composite =
      '400 SMS_FullCollectionMembership is got by its key: SMS_FullCollectionMembership(CollectionID=…,ResourceID=…), where the key is CollectionID, ResourceID.';
    for (const key of ["('SMS00001')", '(ResourceID=5)', '(ResourceID=5,Name=5)', '(A=1,B=1,C=1)']) {
      expect(refusalOf(() => keyOf(`/wmi/SMS_FullCollectionMembership${key}`))).toBe(composite);
    }
  });
});

describe('arguments of functions', () => {
  const result = findMethod(findEntity(smallService, 'Device'), 'scriptresult', false);
  const argumentsOf = (written: string): unknown => {
    const target = parseRequestPath(`/v1.0/Device(1)/AdminService.ScriptResult${written}`);
    return target.kind === 'method' && bindArguments(target.arguments, result);
  };

  it('are those that the function has', () => {
    expect(argumentsOf('(operationid=5)')).toEqual({ OperationId: 5 });
    expect(refusalOf(() => argumentsOf(''))).toBe(
      '400 ScriptResult needs OperationId: write ScriptResult(OperationId=…).',
    );
    expect(refusalOf(() => argumentsOf('(OperationId=5,Other=6)'))).toContain(
      '400 There is no parameter of ScriptResult "Other".',
    );
    expect(refusalOf(() => argumentsOf('(OperationId=true)'))).toContain('whole number');
  });

  it('may be left out where they are optional, and have every type', () => {
    const typed = {
      name: 'Typed',
      kind: 'function',
      returns: { type: 'Edm.String' },
      parameters: [
        { name: 'At', type: 'Edm.DateTimeOffset' },
        { name: 'Is', type: 'Edm.Boolean' },
        { name: 'Text', type: 'Edm.String', isOptional: true },
      ],
    } as const;
    const given = (written: string): unknown => {
      const target = parseRequestPath(`/v1.0/Device(1)/AdminService.Typed(${written})`);
      return target.kind === 'method' && bindArguments(target.arguments, typed);
    };
    expect(given("At='2026-11-21T10:00:00Z',Is=true")).toEqual({ At: Date.UTC(2026, 10, 21, 10), Is: true });
    expect(refusalOf(() => given("At='soon',Is=true"))).toContain('400 At is a time');
    expect(refusalOf(() => given("At='2026-11-21',Is=1"))).toBe('400 Is is true or false.');
  });
});
