/** Prints the first token of a client for HTTP@localhost. Arguments: mechanism and flags, as GSSAPI numbers them. */
import { createRequire } from 'node:module';

interface Client {
  step(token: string): Promise<string>;
}
interface Kerberos {
  initializeClient(service: string, options: { mechOID: number; flags: number }): Promise<Client>;
}

const [mechOID, flags] = process.argv.slice(2).map(Number);
const kerberos = createRequire(import.meta.url)('kerberos') as Kerberos;
const client = await kerberos.initializeClient('HTTP@localhost', {
  mechOID: mechOID ?? 0,
  flags: flags ?? 0,
});
process.stdout.write(await client.step(''));
