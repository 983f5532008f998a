import { PushListener, type ReceivedPush } from '@espalier/sim-apple';
import { z } from 'zod';
import type { HttpClient, HttpRequest } from '../http/http-client.js';
import { simErrors } from '../sim-devices.errors.js';

const issuedToken = z.object({ token: z.string().regex(/^[0-9a-f]+$/) });

/** A device that waits for pushes. */
export interface PushTarget {
  push(push: ReceivedPush): void;
  /** The token is no good any more, or another process waits for it. */
  lost(why: 'taken' | 'refused'): void;
}

/** Apple's side as devices see it: tokens, and one event stream for the whole fleet. */
export class PushService {
  readonly #targets = new Map<string, PushTarget>();
  readonly #listener: PushListener;

  /** @param appleUrl the device URL of the simulated Apple */
  constructor(
    private readonly appleUrl: string,
    private readonly http: HttpClient,
    ca: string | undefined,
  ) {
    this.#listener = new PushListener({
      deviceUrl: appleUrl,
      ...(ca !== undefined && { ca }),
      onPush: (push) => this.#targets.get(push.token)?.push(push),
      onLost: (token, why) => {
        const target = this.#targets.get(token);
        this.#targets.delete(token);
        target?.lost(why);
      },
    });
  }

  /** Gets a device token for a topic, hex. @throws EspalierError of the connection, ESP_SIM_REQUEST_REFUSED */
  async newToken(topic: string, signal: AbortSignal): Promise<string> {
    const body = await this.#call({ method: 'POST', url: this.#url('tokens'), signal }, { topic });
    const answer = issuedToken.safeParse(parseJson(body));
    if (!answer.success) throw simErrors.ESP_SIM_REPLY_INVALID({ detail: 'Apple gave no token.' });
    return answer.data.token;
  }

  /** Gives a token back: pushes to it answer 410 from then on. */
  async unregister(token: string): Promise<void> {
    await this.forget(token);
    await this.#call({ method: 'DELETE', url: this.#url(`tokens/${token}`) });
  }

  /** Resolves once Apple knows that somebody waits. */
  wait(token: string, target: PushTarget): Promise<void> {
    this.#targets.set(token, target);
    return this.#listener.add(token);
  }

  async forget(token: string): Promise<void> {
    if (this.#targets.delete(token)) await this.#listener.remove(token);
  }

  /** Resolves once the stream stands. */
  ready(): Promise<void> {
    return this.#listener.ready();
  }

  close(): void {
    this.#listener.close();
    this.http.close();
  }

  #url(path: string): string {
    return new URL(`/devices/${path}`, this.appleUrl).href;
  }

  async #call(request: HttpRequest, content?: unknown): Promise<Buffer> {
    const reply = await this.http.request({
      ...request,
      ...(content !== undefined && {
        body: Buffer.from(JSON.stringify(content)),
        headers: { 'content-type': 'application/json' },
      }),
    });
    if (reply.status >= 500)
      throw simErrors.ESP_SIM_SERVER_BUSY({ detail: `Apple answered ${reply.status}.` });
    if (reply.status !== 200)
      throw simErrors.ESP_SIM_REQUEST_REFUSED({ detail: `Apple answered ${reply.status}.` });
    return reply.body;
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
