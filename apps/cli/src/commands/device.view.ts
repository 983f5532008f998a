import type { Device, DeviceDetail } from '@espalier/contracts';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { showTime } from '../terminal/times.js';
import { text, whole } from '../terminal/table.js';

/** Shows one device with what it is tied to. */
export async function showDevice({ api, out }: Cli, { resourceId }: Device): Promise<void> {
  const [device, extensionData] = await Promise.all([
    api.get<DeviceDetail>(path`/api/v1/devices/${resourceId}`),
    api.get<Record<string, string>>(path`/api/v1/devices/${resourceId}/extension-data`),
  ]);
  out.result({ ...device, extensionData }, () => {
    out.record([
      ['Name', device.name],
      ['Resource id', device.resourceId],
      ['Serial number', device.serialNumber],
      ['Model', [device.modelName, device.model].filter(Boolean).join(', ')],
      ['System', [device.operatingSystem, device.osBuild].filter(Boolean).join(', build ')],
      ['UDID', device.udid],
      ['Hardware UUID', device.hardwareUuid],
      ['SMSID', device.smsid],
      ['State', device.state],
      ['Managed', device.isManaged],
      ['Last user', device.lastUserName],
      ['Last seen', showTime(device.lastSeenAt)],
      ['Enrolled', showTime(device.enrolledAt)],
      ['First seen', showTime(device.createdAt)],
    ]);
    if (device.enrollments.length > 0) {
      out.heading('Enrolments');
      out.table(device.enrollments, [
        whole('ID', ({ enrollmentId }) => enrollmentId),
        whole('KIND', ({ kind }) => kind),
        whole('STATE', ({ state }) => state),
        whole('ENROLLED', ({ enrolledAt }) => showTime(enrolledAt)),
        whole('REMOVED', ({ removedAt }) => showTime(removedAt)),
      ]);
    }
    if (device.users.length > 0) {
      out.heading('Users');
      out.table(device.users, [
        text('NAME', ({ userName }) => userName),
        text('FULL NAME', ({ fullName }) => fullName),
        whole('PRIMARY', ({ isPrimary }) => isPrimary),
        text('KNOWN FROM', ({ sources }) => sources.join(', ')),
      ]);
    }
    const extension = Object.entries(extensionData);
    if (extension.length > 0) {
      out.heading('Extension data');
      out.record(extension);
    }
  });
}
