import { InvalidInputError } from '../platform/errors.js';
import { parsePreferences, PREFERENCE_KEYS, preferenceFields } from './preference-keys.js';

describe('parsePreferences', () => {
  it('keeps valid values and drops blank ones', () => {
    const given = {
      channel: ' wechat ',
      contact_hours: '',
      language: undefined,
      marketing_consent: 'refused',
      treatment_interests: [],
      appointment_days: ['', ' '],
    };
    expect(parsePreferences(given)).toEqual({ channel: 'wechat', marketing_consent: false });
  });

  it('names every wrong key and what it should be', () => {
    const wrong = {
      channel: 'fax',
      contact_hours: '21:00-18:00',
      timezone: 'Mars/Base',
      marketing_consent: 'maybe',
      appointment_days: ['someday'],
    };
    expect(() => parsePreferences(wrong)).toThrow(InvalidInputError);
    expect(() => parsePreferences(wrong)).toThrow(
      'channel must be one of wechat, phone, sms, email, app; contact_hours must end later than it begins; ' +
        'timezone must be an IANA time zone, e.g. Asia/Shanghai; ' +
        'marketing_consent must be one of allowed, refused; ' +
        'appointment_days must be among mon, tue, wed, thu, fri, sat, sun',
    );
  });

  it('refuses a key it does not know', () => {
    expect(() => parsePreferences({ shoe_size: '38' })).toThrow(InvalidInputError);
  });

  it('knows the keys that the tool takes', () => {
    expect(Object.keys(preferenceFields)).toEqual(PREFERENCE_KEYS);
  });
});
