import { hostNameOf } from './host-name.js';

describe('hostNameOf', () => {
  it.each([
    ['tools.example', 'tools.example'],
    ['Tools.Example', 'tools.example'],
    ['tools.example.', 'tools.example'],
    ['tools.example:8443', 'tools.example'],
    ['https://tools.example/', 'tools.example'],
    ['https://tools.example:8443', 'tools.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['::1', '[::1]'],
    ['[0:0::1]:80', '[::1]'],
    ['127.0.0.1', '127.0.0.1'],
    ['*.example', undefined],
    ['tools.example/path', undefined],
    ['inner.example@evil.example', undefined],
    ['tools example', undefined],
    ['', undefined],
  ])('reads %s as %s', (text, expected) => expect(hostNameOf(text)).toBe(expected));
});
