import { UploadWatch } from './upload-watch.js';

describe('the watch over uploads', () => {
  function setUp(): { at: (seconds: number) => void; watch: UploadWatch; slow: string[] } {
    let now = 0;
    const watch = new UploadWatch(() => now);
    return {
      watch,
      slow: [],
      at(seconds) {
        now = seconds * 1_000;
        watch.sweep();
      },
    };
  }

  it('cuts a device that sends nothing for ten seconds', () => {
    const { at, watch, slow } = setUp();
    watch.watch(
      () => false,
      () => slow.push('cut'),
    );
    at(9);
    expect(slow).toEqual([]);
    at(11);
    at(12);
    expect(slow).toEqual(['cut']);
  });

  it('lets one go on that keeps 1 KB/s, and cuts one that does not', () => {
    const { at, watch, slow } = setUp();
    const steady = watch.watch(
      () => false,
      () => slow.push('steady'),
    );
    const dripping = watch.watch(
      () => false,
      () => slow.push('dripping'),
    );
    for (let second = 1; second <= 60; second += 1) {
      steady.progress(1_100);
      dripping.progress(100);
      at(second);
    }
    expect(slow).toEqual(['dripping']);
  });

  it('does not let a fast beginning buy a long pause', () => {
    const { at, watch, slow } = setUp();
    watch
      .watch(
        () => false,
        () => slow.push('cut'),
      )
      .progress(50_000_000);
    at(11);
    expect(slow).toEqual(['cut']);
  });

  it('does not blame a device while the edge does not read, nor one that is done', () => {
    const { at, watch, slow } = setUp();
    let paused = true;
    watch.watch(
      () => paused,
      () => slow.push('cut'),
    );
    watch
      .watch(
        () => false,
        () => slow.push('done'),
      )
      .done();
    at(30);
    paused = false;
    at(39);
    expect(slow).toEqual([]);
    at(41);
    expect(slow).toEqual(['cut']);
  });
});
