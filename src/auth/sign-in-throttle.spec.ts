import { TooManyRequestsError } from '../common/errors.js';
import { SignInThrottle } from './sign-in-throttle.js';

const fail = (throttle: SignInThrottle, times: number, now: number) => {
  for (let i = 0; i < times; i += 1) throttle.admit('a@x.test', '10.0.0.1', now);
};

describe('SignInThrottle', () => {
  it('locks an address and client after five failures, for a minute', () => {
    const throttle = new SignInThrottle();
    fail(throttle, 5, 0);
    expect(() => throttle.admit('a@x.test', '10.0.0.1', 59_999)).toThrow(TooManyRequestsError);
    expect(() => throttle.admit('a@x.test', '10.0.0.2', 0)).not.toThrow();
    expect(() => throttle.admit('b@x.test', '10.0.0.1', 0)).not.toThrow();
    expect(() => throttle.admit('a@x.test', '10.0.0.1', 60_000)).not.toThrow();
  });

  it('starts over after a success and after the minute', () => {
    const throttle = new SignInThrottle();
    fail(throttle, 4, 0);
    throttle.recordSuccess('a@x.test', '10.0.0.1');
    fail(throttle, 4, 1000);
    fail(throttle, 4, 70_000);
    expect(() => throttle.admit('a@x.test', '10.0.0.1', 70_001)).not.toThrow();
  });

  it('keeps a bounded number of entries', () => {
    const throttle = new SignInThrottle();
    fail(throttle, 5, 0);
    for (let i = 0; i < 10_000; i += 1) throttle.admit(`${i}@x.test`, '10.0.0.9', 0);
    expect(() => throttle.admit('a@x.test', '10.0.0.1', 0)).not.toThrow();
  });
});
