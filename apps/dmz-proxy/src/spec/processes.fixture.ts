import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { EdgeFiles } from './edge.fixture.js';
import type { InsideProcessOptions } from './inside-process.fixture.js';
import type { UploadReport } from './routes.fixture.js';

/** Starts an inside service as a process of its own. */
export function forkInside(files: EdgeFiles, port: number, replica = 'mdm-0'): ChildProcess {
  const child = fork(new URL('./inside-process.fixture.js', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const options: InsideProcessOptions = {
    port,
    certificate: files.ids.mdm.certificate,
    key: files.ids.mdm.key,
    dmzCertificate: files.ids.dmz.certificate,
    replica,
  };
  child.send(options);
  return child;
}

/** The product's own main program with its ports. */
export interface EdgeProcess {
  readonly child: ChildProcess;
  readonly devicePort: number;
  readonly linkPort: number;
  readonly managementPort: number;
}

/** Starts the edge as a process of its own. */
export async function forkEdge(files: EdgeFiles, env: Record<string, string> = {}): Promise<EdgeProcess> {
  const child = fork(new URL('../main.js', import.meta.url), {
    env: {
      ...process.env,
      ...files.env,
      ESPALIER_MANAGEMENT_PORT: '0',
      ESPALIER_LOG_LEVEL: 'info',
      ESPALIER_REPLICA: 'dmz-0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const listening = Promise.withResolvers<{ devicePort: number; linkPort: number }>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) {
      const match = /"devicePort":(\d+),"linkPort":(\d+)/.exec(line);
      if (match !== null) listening.resolve({ devicePort: Number(match[1]), linkPort: Number(match[2]) });
    }
  });
  const [{ managementPort }] = (await once(child, 'message')) as [{ managementPort: number }];
  return { child, ...(await listening.promise), managementPort };
}

/** Ends a process and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await gone)[0];
}

/** The next report of an upload of one kind from an inside process. */
export async function reportedBy(child: ChildProcess, upload: UploadReport['upload']): Promise<UploadReport> {
  for (;;) {
    const [report] = (await once(child, 'message')) as [UploadReport];
    if (report.upload === upload) return report;
  }
}
