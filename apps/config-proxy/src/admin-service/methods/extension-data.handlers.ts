import { extensionDataBodySchema, extensionNameSchema, resourceErrors } from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import type { Page } from '@espalier/persistence';
import { z } from 'zod';
import type { Visibility } from '../../access/visibility.service.js';
import type { ResourceService } from '../../resources/resource.service.js';
import { extensionDataClass } from '../classes/device.classes.js';
import type { ClassRow } from '../class.model.js';
import type { ClassStore } from '../class.store.js';
import type { DoorAnswer, MethodCall, MethodHandler } from '../door.js';
import { restrictTo } from '../reach.js';
import { oneOrMore, readBody } from './read-body.js';

export interface ExtensionDataHandlersOptions {
  readonly resources: ResourceService;
  readonly store: ClassStore;
  readonly visibility: Visibility;
}

/** Rows that are in memory at once. */
const PART = 500;
const setSchema = z.object({ ExtensionData: z.unknown() });
/** Without names everything goes: what is not one of these, or has no value, must not be taken for that. */
const deleteSchema = z.strictObject({
  PropertyNames: oneOrMore(extensionNameSchema, 200).optional(),
  ExtensionData: z.record(extensionNameSchema, z.unknown()).optional(),
});

type Data = Readonly<Record<string, string>>;

/** Properties that devices were given by scripts (sccm.md §1.2): one flat object for each device, as scripts read it. */
export class ExtensionDataHandlers {
  constructor(private readonly options: ExtensionDataHandlersOptions) {}

  get methods(): Readonly<Record<string, MethodHandler>> {
    return {
      'Device.SetExtensionData': { scope: 'devices:write', run: (call) => this.#set(call) },
      'Device.GetExtensionData': {
        scope: 'devices:read',
        run: (call) => (call.row === undefined ? this.#all(call) : this.#get(call)),
      },
      'Device.DeleteExtensionData': { scope: 'devices:write', run: (call) => this.#delete(call) },
    };
  }

  async #set(call: MethodCall): Promise<DoorAnswer> {
    const { ExtensionData } = readBody(setSchema, call.args);
    const { extensionData } = readBody(extensionDataBodySchema, { extensionData: ExtensionData });
    const by = call.visitor.caller.title;
    const id = idOf(call);
    const { data } = await this.options.resources.setExtensionData(id, extensionData, {
      by,
      ifMatch: undefined,
    });
    return answered(call, data);
  }

  async #get(call: MethodCall): Promise<DoorAnswer> {
    const { data } = await this.options.resources.extensionData(idOf(call));
    const wanted = call.args['PropertyName'];
    if (typeof wanted !== 'string') return answered(call, data);
    const found = Object.entries(data).filter(([name]) => foldText(name) === foldText(wanted));
    if (found.length === 0) throw resourceErrors.ESP_RESOURCE_PROPERTY_UNKNOWN({ detail: wanted });
    return answered(call, Object.fromEntries(found));
  }

  async #delete(call: MethodCall): Promise<DoorAnswer> {
    const { PropertyNames, ExtensionData } = readBody(deleteSchema, call.args);
    const names = PropertyNames ?? (ExtensionData && Object.keys(ExtensionData));
    const { resources } = this.options;
    await resources.removeExtensionData(idOf(call), names, undefined);
    return answered(call, (await resources.extensionData(idOf(call))).data);
  }

  /** Of every device in reach that has any. */
  async #all({ visitor, context }: MethodCall): Promise<DoorAnswer> {
    const { store, visibility } = this.options;
    const restriction = await restrictTo(extensionDataClass, visibility, visitor.caller, 'devices:read');
    const more = (cursor?: string): Promise<Page<ClassRow>> =>
      store.list(extensionDataClass, { restriction, limit: PART, cursor });
    const first = await more();
    const head = `{"@odata.context":${JSON.stringify(contextOf(context, true))},"value":[`;
    return { status: 200, body: listed(head, first, more) };
  }
}

/** Rows come device by device. */
async function* listed(
  head: string,
  first: Page<ClassRow>,
  more: (cursor: string) => Promise<Page<ClassRow>>,
): AsyncGenerator<string> {
  yield head;
  let comma = '';
  let last: { readonly id: number; readonly data: Record<string, string> } | undefined;
  for (let page = first; ; page = await more(page.next)) {
    const whole: object[] = [];
    for (const row of page.rows) {
      const id = Number(row['ResourceID']);
      if (last?.id !== id) {
        if (last !== undefined) whole.push(shown(last.id, last.data));
        last = { id, data: {} };
      }
      last.data[String(row['PropertyName'])] = String(row['PropertyValue']);
    }
    if (page.next === undefined && last !== undefined) whole.push(shown(last.id, last.data));
    if (whole.length > 0) yield `${comma}${JSON.stringify(whole).slice(1, -1)}`;
    if (whole.length > 0) comma = ',';
    if (page.next === undefined) break;
  }
  yield ']}';
}

const idOf = ({ row }: MethodCall): number => Number(row?.['MachineId']);

const contextOf = ({ baseUrl }: MethodCall['context'], isList: boolean): string =>
  `${baseUrl}/$metadata#${isList ? 'Collection(AdminService.ExtensionData)' : 'AdminService.ExtensionData'}`;

/** Public scripts take these two away and keep the rest. */
const shown = (id: number, data: Data): object => ({ InstanceKey: id, ExtendedType: 'Device', ...data });

const answered = (call: MethodCall, data: Data): DoorAnswer => ({
  status: 200,
  json: { '@odata.context': contextOf(call.context, false), ...shown(idOf(call), data) },
});
