import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { apiScopes } from '@espalier/contracts';
import { buildOpenApi, endpointsOf } from '@espalier/nest-kit';
import { AboutController } from './about/about.controller.js';
import { ApiDocument } from './about/api-document.js';
import { ApiTokenController } from './api-tokens/api-token.controller.js';
import { ApiTokenService } from './api-tokens/api-token.service.js';
import { CommandController } from './commands/command.controller.js';
import { DeviceController } from './devices/device.controller.js';
import { EnrollmentLinkController } from './enrollment-links/enrollment-link.controller.js';
import { EventController } from './events/event.controller.js';
import { EventService } from './events/event.service.js';
import { MdmClient } from './mdm/mdm.client.js';

/** Every controller behind the console port. */
export const consoleControllers: readonly Type[] = [
  AboutController,
  DeviceController,
  CommandController,
  EnrollmentLinkController,
  EventController,
  ApiTokenController,
];

/** What the controllers need. */
export interface ConsoleServices {
  readonly mdm: MdmClient;
  readonly tokens: ApiTokenService;
  readonly events: EventService;
}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class ConsoleModule {}

/** The Nest application behind the console port. */
export function consoleModule({ mdm, tokens, events }: ConsoleServices): DynamicModule {
  const openApi = buildOpenApi({
    title: 'Espalier console API',
    version: '1',
    description: 'Devices, commands and live events of one site. Errors are RFC 9457 problem details.',
    endpoints: endpointsOf(consoleControllers),
    scopes: apiScopes,
  });
  return {
    module: ConsoleModule,
    controllers: [...consoleControllers],
    providers: [
      { provide: MdmClient, useValue: mdm },
      { provide: ApiTokenService, useValue: tokens },
      { provide: EventService, useValue: events },
      { provide: ApiDocument, useValue: new ApiDocument(openApi) },
    ],
  };
}
