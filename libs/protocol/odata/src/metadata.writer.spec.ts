import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metadataXml, type EntityModel, type ServiceModel } from './index.js';
import { smallService, wmiService } from './service.fixture.js';

/** Every type of a property, parameter and answer, and what XML would stumble over. */
const everything: ServiceModel = {
  route: 'v1.0',
  entities: [
    {
      name: 'Everything',
      class: { name: 'e', table: 'e', keyColumn: 'id', single: true, properties: [] },
      keys: ['B', 'A'],
      properties: [
        { name: 'B', type: 'Edm.Guid' },
        { name: 'A', type: 'Edm.Int64' },
        { name: 'Share', type: 'Edm.Double', isCollection: true },
      ],
      methods: [
        { name: 'Do', kind: 'action', parameters: [] },
        {
          name: 'All',
          kind: 'function',
          isStatic: true,
          parameters: [{ name: 'Since', type: 'Edm.DateTimeOffset', isCollection: true, isOptional: true }],
          returns: { type: { complex: 'Everything' }, isCollection: true },
        },
      ],
    },
  ],
};

describe('metadata', () => {
  it('is CSDL 4.0 of all that the model has, sorted by name', () => {
    expect(metadataXml(everything)).toBe(`<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
  <edmx:DataServices>
    <Schema Namespace="AdminService" xmlns="http://docs.oasis-open.org/odata/ns/edm">
      <EntityType Name="Everything">
        <Key>
          <PropertyRef Name="B"/>
          <PropertyRef Name="A"/>
        </Key>
        <Property Name="A" Type="Edm.Int64" Nullable="false"/>
        <Property Name="B" Type="Edm.Guid" Nullable="false"/>
        <Property Name="Share" Type="Collection(Edm.Double)" Nullable="false"/>
      </EntityType>
      <Function Name="All" IsBound="true">
        <Parameter Name="bindingParameter" Type="Collection(AdminService.Everything)" Nullable="false"/>
        <ReturnType Type="Collection(AdminService.Everything)"/>
      </Function>
      <Function Name="All" IsBound="true">
        <Parameter Name="bindingParameter" Type="Collection(AdminService.Everything)" Nullable="false"/>
        <Parameter Name="Since" Type="Collection(Edm.DateTimeOffset)"/>
        <ReturnType Type="Collection(AdminService.Everything)"/>
      </Function>
      <Action Name="Do" IsBound="true">
        <Parameter Name="bindingParameter" Type="AdminService.Everything" Nullable="false"/>
      </Action>
      <EntityContainer Name="Container">
        <EntitySet Name="Everything" EntityType="AdminService.Everything"/>
        <Annotation Term="Org.OData.Capabilities.V1.BatchSupported" Bool="false"/>
        <Annotation Term="Org.OData.Capabilities.V1.FilterFunctions">
          <Collection>
            <String>all</String>
            <String>and</String>
            <String>any</String>
            <String>contains</String>
            <String>endswith</String>
            <String>eq</String>
            <String>ge</String>
            <String>gt</String>
            <String>in</String>
            <String>le</String>
            <String>lt</String>
            <String>ne</String>
            <String>not</String>
            <String>now</String>
            <String>or</String>
            <String>startswith</String>
            <String>tolower</String>
            <String>toupper</String>
          </Collection>
        </Annotation>
      </EntityContainer>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>
`);
  });

  it('is the same in whatever order the model has its parts', () => {
    const reversed: ServiceModel = {
      ...wmiService,
      entities: wmiService.entities
        .map((entity) => ({ ...entity, properties: [...entity.properties].reverse() }))
        .reverse(),
      complexTypes: [...(wmiService.complexTypes ?? [])].reverse(),
    };
    expect(metadataXml(reversed)).toBe(metadataXml(wmiService));
  });

  it('escapes names', () => {
    const [entity] = everything.entities;
    const odd = { ...(entity as EntityModel), name: '<&">', methods: [] };
    expect(metadataXml({ ...everything, entities: [odd] })).toContain(
      '<EntityType Name="&lt;&amp;&quot;&gt;">',
    );
  });

  it('is refused for a model that names what it does not have, or anything twice', () => {
    const [entity] = everything.entities as [EntityModel];
    const wrong: [service: Partial<ServiceModel>, problem: string][] = [
      [{ entities: [{ ...entity, keys: ['C'] }] }, 'Everything has no key'],
      [{ entities: [{ ...entity, keys: [] }] }, 'Everything has no key'],
      [{ entities: [entity, { ...entity, name: 'EVERYTHING' }] }, 'the service has everything twice'],
      [
        { entities: [{ ...entity, properties: [...entity.properties, { name: 'b', type: 'Edm.Guid' }] }] },
        'Everything has b twice',
      ],
      [
        { entities: [{ ...entity, navigations: [{ name: 'N', target: 'X', isCollection: true }] }] },
        'The service has no type X',
      ],
      [{ complexTypes: [{ name: 'C', base: 'D', properties: [] }] }, 'The service has no type D'],
      [
        { complexTypes: [{ name: 'C', properties: [{ name: 'P', type: { complex: 'E' } }] }] },
        'The service has no type E',
      ],
    ];
    for (const [part, problem] of wrong) {
      expect(() => metadataXml({ ...everything, ...part })).toThrow(new TypeError(problem));
    }
  });

  it('has navigations, extended types, and for wmi what methods answer', () => {
    const small = metadataXml(smallService);
    expect(small).toContain('<NavigationProperty Name="Collection" Type="AdminService.Collections"/>');
    expect(small).toContain('<NavigationPropertyBinding Path="Collection" Target="Collections"/>');
    expect(small).toContain('<ReturnType Type="AdminService.Operation"/>');
    expect(small).toContain('<ComplexType Name="Operation" OpenType="true">');
    const wmi = metadataXml(wmiService);
    expect(wmi).toContain('<ComplexType Name="SMS_CollectionRule" Abstract="true">');
    expect(wmi).toContain(
      '<ComplexType Name="SMS_CollectionRuleDirect" BaseType="AdminService.SMS_CollectionRule">',
    );
    expect(wmi).toContain('<ReturnType Type="AdminService.__PARAMETERS"/>');
    expect(wmi).not.toContain('AddMembershipRules');
  });

  it('makes odata2ts generate models, queries and services', () => {
    for (const service of [wmiService, smallService]) {
      const folder = mkdtempSync(join(tmpdir(), 'odata-'));
      try {
        const generated = generate(folder, service);
        for (const { name, properties, methods = [] } of service.entities) {
          expect(generated).toContain(`export interface ${name} {`);
          for (const property of properties)
            expect(generated).toMatch(new RegExp(`\\n\\s+${property.name}\\??: `));
          for (const method of methods) expect(generated).toContain(`AdminService.${method.name}`);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  }, 60_000);
});

/** Everything that odata2ts writes for a service. */
function generate(folder: string, service: ServiceModel): string {
  writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{}}');
  writeFileSync(join(folder, 'metadata.xml'), metadataXml(service));
  const script = join(import.meta.dirname, 'odata2ts.fixture.js');
  const run = spawnSync(
    process.execPath,
    [script, '-s', 'metadata.xml', '-o', 'out', '-m', 'all', '-e', 'ts'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  if (!run.stdout.includes('Successfully finished!')) throw new Error(`${run.stdout}\n${run.stderr}`);
  return ['AdminServiceModel.ts', 'QAdminService.ts', 'AdminServiceService.ts']
    .map((file) => readFileSync(join(folder, 'out', file), 'utf8'))
    .join('\n');
}
