import { Controller, Inject } from '@nestjs/common';
import {
  createEnrollmentLink,
  enrollmentLinkBodySchema,
  enrollmentLinkPageSchema,
  enrollmentLinkSchema,
  getEnrollmentLink,
  listEnrollmentLinks,
  listQuery,
  madeEnrollmentLinkSchema,
  revokeEnrollmentLink,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { MdmClient } from '../mdm/mdm.client.js';

const PATH = '/api/v1/enrollment-links';
/** Whoever may make links is who must be able to take them back. */
const guarded = { reach: 'site', scope: 'enrollment:write', tag: 'Enrolment' } as const;
const params = z.object({ id: z.uuid() });

const listLinks = defineEndpoint({
  ...guarded,
  method: 'GET',
  path: PATH,
  summary: 'List enrolment links',
  description:
    'Newest first unless another order is asked for; without their URLs. Those that are over are listed until a month after they would have expired.',
  query: z.object(listQuery),
  response: enrollmentLinkPageSchema,
});

const createLink = defineEndpoint({
  ...guarded,
  method: 'POST',
  path: PATH,
  summary: 'Make a link under which devices enrol',
  description:
    'Whoever has the link can enrol a device: hand it out like a password. Its URL is shown this once.',
  body: enrollmentLinkBodySchema,
  response: madeEnrollmentLinkSchema,
  status: 201,
});

const readLink = defineEndpoint({
  ...guarded,
  method: 'GET',
  path: `${PATH}/:id`,
  summary: 'See an enrolment link',
  params,
  response: enrollmentLinkSchema,
});

const revokeLink = defineEndpoint({
  ...guarded,
  method: 'DELETE',
  path: `${PATH}/:id`,
  summary: 'Revoke an enrolment link',
  description:
    'Takes effect at once: nobody gets a profile under it any more, and profiles that it handed out and nobody has enrolled with yet enrol nobody. Devices that are enrolled stay so. Repeating it is harmless.',
  params,
});

/** `/api/v1/enrollment-links`: mdm keeps them. */
@Controller()
export class EnrollmentLinkController {
  constructor(@Inject(MdmClient) private readonly mdm: MdmClient) {}

  @Endpoint(listLinks)
  listEnrollmentLinks(
    @Input() { query }: InputOf<typeof listLinks>,
    @FromCaller() { origin }: Caller,
  ): Promise<ResultOf<typeof listLinks>> {
    return this.mdm.ask(listEnrollmentLinks, query, origin);
  }

  @Endpoint(createLink)
  createEnrollmentLink(
    @Input() { body }: InputOf<typeof createLink>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof createLink>> {
    // Asked once: a second request would make a second link.
    return this.mdm.ask(createEnrollmentLink, { ...body, createdBy: caller.title }, caller.origin);
  }

  @Endpoint(readLink)
  async readEnrollmentLink(
    @Input() { params: { id } }: InputOf<typeof readLink>,
    @FromCaller() { origin }: Caller,
  ): Promise<ResultOf<typeof readLink>> {
    return (await this.mdm.ask(getEnrollmentLink, { id }, origin)).link;
  }

  @Endpoint(revokeLink)
  async revokeEnrollmentLink(
    @Input() { params: { id } }: InputOf<typeof revokeLink>,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    await this.mdm.insist(revokeEnrollmentLink, { id, revokedBy: caller.title }, caller.origin);
  }
}
