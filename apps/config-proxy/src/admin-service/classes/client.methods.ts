import type { MethodModel } from '@espalier/odata';

/** Methods of a device, and of all devices of a collection, that their Mac clients carry out. */
export const clientMethods: readonly MethodModel[] = [
  {
    name: 'RunCMPivot',
    kind: 'action',
    parameters: [{ name: 'InputQuery', type: 'Edm.String' }],
    returns: { type: { complex: 'ClientOperation' } },
  },
  {
    name: 'CMPivotResult',
    kind: 'function',
    aliases: ['CMPivotResultV2'],
    parameters: [{ name: 'OperationId', type: 'Edm.Int32' }],
    returns: { type: { complex: 'ClientResults' } },
  },
  {
    name: 'RunScript',
    kind: 'action',
    parameters: [
      { name: 'ScriptGuid', type: 'Edm.Guid' },
      {
        name: 'InputParameters',
        type: { complex: 'SMS_ScriptParameter' },
        isCollection: true,
        isOptional: true,
      },
    ],
    returns: { type: 'Edm.Int32' },
  },
  {
    name: 'ScriptResult',
    kind: 'function',
    parameters: [{ name: 'OperationId', type: 'Edm.Int32' }],
    returns: { type: { complex: 'ClientResults' } },
  },
];
