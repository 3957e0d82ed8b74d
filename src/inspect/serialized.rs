//! JSON that carries pickles as text: models of Stable-Baselines3 keep whatever JSON does not hold as cloudpickle in base64,
//! under `":serialized:"` in the member `data`, and unpickle it when they are loaded.
//!
//! Source: `stable_baselines3/common/save_util.py` (`data_to_json`, `json_to_data`).

use std::sync::OnceLock;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode::RequireNone;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::Scope;
use super::archive::MEMBER_NOT_INSPECTED;
use super::json::Tree;
use super::pickle::{Lists, inspect_streams};
use crate::weigh::View;

/// The key whose value is a pickle.
const KEY: &str = ":serialized:";

/// Objects in objects that are looked into.
const DEPTH: usize = 512;

/// Looks at a member of an archive, if it is one that the loader would read.
pub fn inspect(name: &str, member: &View<'_>, scope: &mut Scope<'_>) {
    let begins =
        || member.read_up_to(0, 1).is_ok_and(|first| first.first().is_some_and(|byte| b"{ \t\r\n".contains(byte)));
    if name != "data" || !begins() {
        return;
    }
    let bytes = match member.read_all("json-bytes", scope.limits.json_bytes) {
        Ok(bytes) => bytes,
        Err(trouble) => return scope.unreadable(member, &trouble),
    };
    let Some(tree) = Tree::read(bytes.trim_ascii(), DEPTH) else { return };
    let pickles = tree.members().iter().flat_map(|(key, value)| value.all(KEY).map(move |value| (key, value)));
    for (key, text) in pickles.filter_map(|(key, value)| Some((key, value.text()?))) {
        let Some(pickle) = decoded(text) else {
            let message = format!("the value of {key:?} is said to be a pickle in base64, which it is not");
            scope.raise(&MEMBER_NOT_INSPECTED, member, 0..0, message);
            continue;
        };
        inspect_streams(&member.decompressed(key, &pickle), scope, lists());
    }
}

/// As Python decodes base64: what is not of the alphabet is passed over, and padding ends it.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(RequireNone);
    let (mut digits, mut pads) = (Vec::with_capacity(text.len()), 0);
    for byte in text.bytes() {
        let place = digits.len() % 4;
        if byte == b'=' && place >= 2 {
            pads += 1;
            if place + pads >= 4 {
                break;
            }
        } else if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') {
            digits.push(byte);
            pads = 0;
        }
    }
    GeneralPurpose::new(&STANDARD, LENIENT).decode(digits).ok()
}

/// What the library puts there itself, none of which does more than keep what it is given: spaces, schedules, how often to
/// train, and the classes of policies and buffers, which the loader replaces by its own.
const OWN: &str = "
stable_baselines3.common.utils: FloatSchedule ConstantSchedule LinearSchedule
stable_baselines3.common.type_aliases: TrainFreq TrainFrequencyUnit
stable_baselines3.common.policies: ActorCriticPolicy ActorCriticCnnPolicy MultiInputActorCriticPolicy
stable_baselines3.dqn.policies: DQNPolicy CnnPolicy MultiInputPolicy
stable_baselines3.sac.policies: SACPolicy CnnPolicy MultiInputPolicy
stable_baselines3.td3.policies: TD3Policy CnnPolicy MultiInputPolicy
stable_baselines3.common.buffers: RolloutBuffer DictRolloutBuffer ReplayBuffer DictReplayBuffer
stable_baselines3.common.noise: NormalActionNoise OrnsteinUhlenbeckActionNoise VectorizedActionNoise
gymnasium.spaces.box: Box
gymnasium.spaces.discrete: Discrete
gymnasium.spaces.multi_discrete: MultiDiscrete
gymnasium.spaces.multi_binary: MultiBinary
gymnasium.spaces.dict: Dict
gymnasium.spaces.tuple: Tuple
gym.spaces.box: Box
gym.spaces.discrete: Discrete
gym.spaces.multi_discrete: MultiDiscrete
gym.spaces.multi_binary: MultiBinary
gym.spaces.dict: Dict
gym.spaces.tuple: Tuple
";

/// The lists of callables, with the library's own names.
fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let mut lists = Lists::built_in().clone();
        lists.extend(OWN, "");
        lists
    })
}
