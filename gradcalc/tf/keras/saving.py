"""`tf.keras.saving`: objects as configs, and models in files. Imports nn."""

from gradcalc.nn import config
from gradcalc.nn.config import custom_object_scope as custom_object_scope
from gradcalc.nn.config import register_keras_serializable as register_keras_serializable
from gradcalc.nn.saving import load_model as load_model
from gradcalc.nn.saving import save_model as save_model

CustomObjectScope = custom_object_scope
serialize_keras_object, deserialize_keras_object = config.serialize, config.deserialize
