import { openDatabase } from '@espalier/persistence';
import { pino } from 'pino';

/** Adds one to a counter, `times` times in transactions of their own, and says so after each commit. */
const [url = '', times = '0'] = process.argv.slice(2);
const database = openDatabase({ url, schema: 'test', logger: pino({ level: 'silent' }) });
for (let done = 1; done <= Number(times); done += 1) {
  await database.transaction(async (tx) => {
    const [row] = await tx.query<{ n: number }>('SELECT n FROM {counter}');
    await tx.execute('UPDATE {counter} SET n = :n', { n: (row?.n ?? 0) + 1 });
  });
  process.stdout.write(`${done}\n`);
}
await database.close();
