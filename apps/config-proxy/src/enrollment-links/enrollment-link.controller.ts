import { Controller, Inject } from '@nestjs/common';
import { createEnrollmentLink, enrollmentLinkBodySchema, enrollmentLinkSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { FromCaller, type Caller } from '../access/caller.js';
import { MdmClient } from '../mdm/mdm.client.js';

const createLink = defineEndpoint({
  method: 'POST',
  path: '/api/v1/enrollment-links',
  reach: 'site',
  scope: 'enrollment:write',
  tag: 'Enrolment',
  summary: 'Make a link under which devices enrol',
  description: 'Whoever has the link can enrol a device: hand it out like a password.',
  body: enrollmentLinkBodySchema,
  response: enrollmentLinkSchema,
  status: 201,
});

@Controller()
export class EnrollmentLinkController {
  constructor(@Inject(MdmClient) private readonly mdm: MdmClient) {}

  @Endpoint(createLink)
  createEnrollmentLink(
    @Input() { body }: InputOf<typeof createLink>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof createLink>> {
    // Asked once: a second request would make a second link.
    return this.mdm.ask(createEnrollmentLink, { ...body, createdBy: caller.title }, caller.origin);
  }
}
