import { Circuit } from './circuit.js';

describe('Circuit', () => {
  const newCircuit = () => {
    const states: string[] = [];
    const circuit = new Circuit({ failures: 2, resetMs: 1000 }, (state) => states.push(state));
    return { circuit, states };
  };
  const opened = () => {
    const made = newCircuit();
    made.circuit.begin(0)!('bad', 0);
    made.circuit.begin(0)!('bad', 10);
    return made;
  };

  it('opens at so many failures in a row, and refuses until its time is over', () => {
    const { circuit } = newCircuit();
    circuit.begin(0)!('bad', 0);
    circuit.begin(0)!('good', 0);
    circuit.begin(0)!('bad', 0);
    expect(circuit.state).toBe('closed');
    circuit.begin(0)!('bad', 10);
    expect(circuit.begin(1009)).toBeUndefined();
    expect(circuit.waitMs(1009)).toBe(1);
    expect(circuit.begin(1010)).toBeDefined();
  });

  it('lets one call try and refuses all others meanwhile', () => {
    const { circuit, states } = opened();
    const trial = circuit.begin(2000);
    expect(circuit.begin(2000)).toBeUndefined();
    expect(circuit.begin(60_000)).toBeUndefined();
    trial?.('good', 60_000);
    expect(circuit.begin(60_000)).toBeDefined();
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  it('opens again for as long when the trial fails', () => {
    const { circuit } = opened();
    circuit.begin(2000)?.('bad', 3000);
    expect(circuit.begin(3999)).toBeUndefined();
    expect(circuit.begin(4000)).toBeDefined();
  });

  it('learns nothing from a trial whose caller left: the next call tries', () => {
    const { circuit, states } = opened();
    circuit.begin(2000)?.('none', 2500);
    expect(circuit.begin(2500)).toBeDefined();
    expect(circuit.begin(2500)).toBeUndefined();
    expect(states).toEqual(['open', 'half_open', 'open', 'half_open']);
  });

  it('is not kept closed by callers that leave', () => {
    const { circuit } = newCircuit();
    circuit.begin(0)!('bad', 0);
    circuit.begin(0)!('none', 0);
    circuit.begin(0)!('bad', 0);
    expect(circuit.state).toBe('open');
  });

  it('does not listen to calls that began before it opened', () => {
    const { circuit } = newCircuit();
    const [one, two, three, four] = Array.from({ length: 4 }, () => circuit.begin(0)!);
    one('bad', 0);
    two('bad', 0);
    const trial = circuit.begin(2000);
    three('bad', 2000);
    four('good', 2000);
    expect(circuit.state).toBe('half_open');
    trial?.('good', 2001);
    expect(circuit.state).toBe('closed');
  });
});
